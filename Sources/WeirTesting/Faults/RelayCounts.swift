/// What a relay has seen so far.
public struct RelayCounts: Equatable, Sendable {
  /// Connections that were accepted, those that were reset at once included.
  public var accepted = 0
  /// Connections that exist now.
  public var open = 0
  /// Answers that have begun.
  public var answers = 0
}
