/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// Why: the request path compares and stores times several times a request; one 64-bit integer
/// does that in a register where `Duration` takes two. Range: 292 years either side of the start.
/// Arithmetic saturates, so that "never" stays never. Cost: 8 bytes.
public struct Instant: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64

  /// Later than every instant that a clock returns: a deadline that does not expire.
  @inlinable public static var distantFuture: Instant { Instant(nanoseconds: .max) }

  @inlinable
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  @inlinable
  public static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// `duration` may be negative; the result saturates at the ends of the range.
  @inlinable
  package func advanced(by duration: Duration) -> Instant {
    advanced(byNanoseconds: duration.nanosecondsClamped)
  }

  @inlinable
  public func advanced(byNanoseconds amount: Int64) -> Instant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(amount)
    return Instant(nanoseconds: overflow ? (amount < 0 ? .min : .max) : sum)
  }

  /// Nanoseconds from `earlier` to this instant; negative when this one is the earlier.
  @inlinable
  public func nanoseconds(since earlier: Instant) -> Int64 {
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
    return overflow ? (earlier.nanoseconds < 0 ? .max : .min) : difference
  }

  @inlinable
  package func duration(since earlier: Instant) -> Duration {
    .nanoseconds(nanoseconds(since: earlier))
  }
}

extension Duration {
  /// The whole duration in nanoseconds, held at the ends of the 64-bit range.
  @inlinable package var nanosecondsClamped: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carried ? (seconds < 0 ? .min : .max) : sum
  }
}
