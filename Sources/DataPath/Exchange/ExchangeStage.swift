/// Where an exchange stands, in the order of the journey.
///
/// ```
/// idle ── head ─┬─────────────┬─▶ choosing ◀───▶ waiting
///               └── delayed ──┘    ▲  │ │           │ a connection has come free
///                                  │  │ └───────────┤
///                     backingOff ──┤  ▼ a new one   ▼ a kept one
///                         ▲        │ connecting ─▶ responding ◀──▶ awaitingHedge
///                         │        │  │   ▲         │  │  │
///                         │        │  │   └─────────┘  │  └──▶ tunnelling
///                         │        │  │     a hedge    │
///                         └────────┴──┴────────────────┘
///                              another attempt
/// any but idle ─▶ replying;  any ─▶ idle
/// ```
///
/// Another attempt may also follow in `choosing`, where a connection could not even be begun. A hedge that
/// takes the place of the first attempt has been sent, or still connects; while both are out the stage is
/// that of the first.
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
    case .connecting: [.choosing, .responding].contains(before)
    case .responding:
      [.choosing, .waiting, .connecting, .responding, .awaitingHedge].contains(before)
    case .backingOff: [.choosing, .connecting, .responding].contains(before)
    case .awaitingHedge, .tunnelling: before == .responding
    case .replying: before != .idle
    }
  }
}
