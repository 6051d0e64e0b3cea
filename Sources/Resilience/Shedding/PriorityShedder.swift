import Primitives

/// Who is refused first: each class may fill only a part of the limit.
///
/// Why parts of a count in flight and not shares of a refusal rate: the count answers at once, and
/// it can't swing, since a class that is refused leaves the room to those above it. A class below
/// `critical` never takes the last places, and `critical` is refused by nothing but the limit.
/// Defaults 70 %, 85 % and 95 %: steps below the limit as Envoy's overload manager scales its
/// actions between a scaling threshold (its example: 85 %) and saturation (95 %), with reports
/// giving way earlier; the order is that of Google's criticality. Rounded up, so that a limit of
/// one still serves everybody. Pure; cost: a multiplication.
public struct PriorityShedder: Sendable, Hashable {
  /// The part of the limit that ``RequestPriority/low`` may fill; the others likewise.
  public let low: Share
  /// At least `low`.
  public let normal: Share
  /// At least `normal`; ``RequestPriority/critical`` may fill it all.
  public let high: Share

  /// A class never gets more than the one above it.
  public init(
    low: Share = .percent(70), normal: Share = .percent(85), high: Share = .percent(95)
  ) {
    self.high = high
    self.normal = min(normal, high)
    self.low = min(low, normal, high)
  }

  /// The part of the limit that a class may fill, for `ConcurrencyLimiter.acquire`.
  @inlinable
  package func ceiling(_ priority: RequestPriority) -> Share {
    switch priority {
    case .low: low
    case .normal: normal
    case .high: high
    case .critical: .all
    }
  }

  /// Whether one more of this class is let in beside `inFlight` of at most `limit`.
  @inlinable
  package func admits(_ priority: RequestPriority, inFlight: Int, limit: Int) -> Bool {
    let allowed = (limit * Int(ceiling(priority).basisPoints) + 9_999) / 10_000
    return inFlight < allowed
  }
}
