/// Ends answers early.
///
/// An answer begins with the first byte that comes back after bytes of a request went out, so
/// one that is cut at 0 bytes belongs to a request that the server has answered and whose client
/// learns nothing. Counted over the whole relay, the first one is cut, then each `every`-th.
/// An answer of at most `bytes` is left whole, but for `bytes` 0. One that has begun keeps the rule
/// that it began with.
public struct RelayCut: Equatable, Sendable {
  public enum Ending: Sendable {
    /// Both sides see a reset.
    case reset
    /// Both sides see an orderly end.
    case close
  }

  public var bytes: Int
  public var every: Int
  public var ending: Ending

  public init(afterBytes bytes: Int, every: Int = 1, by ending: Ending = .reset) {
    precondition(bytes >= 0 && every >= 1)
    self.bytes = bytes
    self.every = every
    self.ending = ending
  }
}
