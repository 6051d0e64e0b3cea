/// What a relay has seen so far.
public struct RelayCounts: Equatable, Sendable {
  /// Connections that were accepted, those that were reset at once included.
  public var accepted: Int
  /// Connections that exist now.
  public var open: Int
  /// Answers that have begun.
  public var answers: Int

  public init(accepted: Int = 0, open: Int = 0, answers: Int = 0) {
    self.accepted = accepted
    self.open = open
    self.answers = answers
  }
}
