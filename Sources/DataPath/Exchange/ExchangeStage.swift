/// Where an exchange stands, in the order of the journey.
///
/// ```
/// idle ── head ──┬────────── choosing ⇄ waiting
///                └ delayed ┘     │ ▲
///                    connecting ─┤ ├── backingOff
///                        │       ▼ │
///                        └── responding ⇄ awaitingHedge
///                                └── tunnelling
/// any but idle ── replying;  any ── idle
/// ```
enum ExchangeStage {
  case idle, head
  /// A fault holds the request back.
  case delayed
  case choosing
  /// For a connection.
  case waiting
  case connecting, responding
  /// Before a retry.
  case backingOff
  /// What is left is the client's: an answer of ours, or the rest of the endpoint's.
  case replying
  /// A bad answer is kept, undelivered.
  case awaitingHedge
  case tunnelling

  /// Whether this is a step of the journey.
  func mayFollow(_ before: ExchangeStage) -> Bool {
    switch self {
    case .idle: true
    case .head: before == .idle
    case .delayed: before == .head
    case .choosing:
      [.head, .delayed, .choosing, .waiting, .connecting, .responding, .backingOff]
        .contains(before)
    case .waiting: before == .choosing
    case .connecting:
      [.choosing, .waiting, .connecting, .responding, .awaitingHedge].contains(before)
    case .responding:
      [.choosing, .waiting, .connecting, .responding, .awaitingHedge].contains(before)
    case .backingOff: [.choosing, .connecting, .responding].contains(before)
    case .awaitingHedge, .tunnelling: before == .responding
    case .replying: before != .idle
    }
  }
}
