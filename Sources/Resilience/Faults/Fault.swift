/// What is done to one request on purpose. The delay comes first, then the abort or the reset.
public struct Fault: Sendable, Hashable {
  public enum Ending: Sendable, Hashable {
    /// The request goes its way.
    case none
    /// It is answered with this status instead.
    case abort(status: UInt16)
    /// Its connection is reset.
    case reset
  }

  public var delayNanoseconds: Int64 = 0
  public var ending: Ending = .none
  /// The pace at which the response's body is let through; nil: as it comes.
  public var bytesPerSecond: UInt64?

  public static let none = Fault()

  public init(
    delayNanoseconds: Int64 = 0, ending: Ending = .none, bytesPerSecond: UInt64? = nil
  ) {
    self.delayNanoseconds = delayNanoseconds
    self.ending = ending
    self.bytesPerSecond = bytesPerSecond
  }

  public var isNone: Bool { self == .none }
}
