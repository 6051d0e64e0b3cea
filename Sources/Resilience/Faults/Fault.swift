/// What is done to one request on purpose. The delay comes first, then the abort or the reset.
package struct Fault: Sendable, Hashable {
  package enum Ending: Sendable, Hashable {
    /// The request goes its way.
    case none
    /// It is answered with this status instead.
    case abort(status: UInt16)
    /// Its connection is reset.
    case reset
  }

  package var delayNanoseconds: Int64 = 0
  package var ending: Ending = .none
  /// The pace at which the response's body is let through; nil: as it comes.
  package var bytesPerSecond: UInt64?

  package static let none = Fault()

  package init(
    delayNanoseconds: Int64 = 0, ending: Ending = .none, bytesPerSecond: UInt64? = nil
  ) {
    self.delayNanoseconds = delayNanoseconds
    self.ending = ending
    self.bytesPerSecond = bytesPerSecond
  }

  package var isNone: Bool { self == .none }
}
