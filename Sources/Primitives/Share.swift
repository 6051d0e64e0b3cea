/// A part of a whole, in basis points: 0...10,000, of which 100 are one percent.
///
/// Why: a rate that is configured, compared and printed must be the same number each time, which a
/// binary fraction is not. Out of range values are held at the ends. Cost: 2 bytes.
public struct Share: Sendable, Hashable, Comparable {
  /// 0...10,000.
  public let basisPoints: UInt16

  /// Nothing of it.
  public static let zero = Share(basisPoints: 0)
  /// The whole.
  public static let all = Share(basisPoints: 10_000)

  /// Held at the ends of 0...10,000.
  @inlinable
  public init(basisPoints: Int) {
    self.basisPoints = UInt16(min(max(basisPoints, 0), 10_000))
  }

  /// `Share.percent(50)` is a half.
  @inlinable
  public static func percent(_ percent: Int) -> Share {
    Share(basisPoints: min(max(percent, 0), 100) * 100)
  }

  /// 0...1.
  @inlinable
  public var fraction: Double { Double(basisPoints) / 10_000 }

  /// By size.
  @inlinable
  public static func < (left: Share, right: Share) -> Bool { left.basisPoints < right.basisPoints }

  /// Whether `part` of `whole` is at least this share; exact, `part` and `whole` below 2^48.
  @inlinable
  public func isReached(by part: UInt64, of whole: UInt64) -> Bool {
    part &* 10_000 >= whole &* UInt64(basisPoints)
  }
}
