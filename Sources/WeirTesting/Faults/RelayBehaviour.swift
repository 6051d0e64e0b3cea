/// What a relay does to connections and to their bytes.
public struct RelayBehaviour: Equatable, Sendable {
  public enum Arrivals: Sendable {
    case taken
    /// Accepted, then reset.
    case reset
    /// Nobody listens: the kernel refuses. The port stays the relay's.
    case refused
  }

  /// New connections; those that exist go on.
  public var arrivals: Arrivals
  /// From who connected to the relay to the server.
  public var requests: RelayFlow
  /// From the server back.
  public var answers: RelayFlow
  public var cut: RelayCut?

  public init(
    arrivals: Arrivals = .taken, requests: RelayFlow = .free, answers: RelayFlow = .free,
    cut: RelayCut? = nil
  ) {
    self.arrivals = arrivals
    self.requests = requests
    self.answers = answers
    self.cut = cut
  }

  public static let passing = RelayBehaviour()
  public static let refusing = RelayBehaviour(arrivals: .refused)
  public static let resetting = RelayBehaviour(arrivals: .reset)
  /// Takes connections and forwards nothing, on those that exist neither.
  public static let blackHole = RelayBehaviour(requests: .held, answers: .held)
  /// Requests arrive and are acted upon; nothing comes back.
  public static let mute = RelayBehaviour(answers: .held)

  /// Each way takes that long.
  public static func delaying(_ delay: Duration) -> RelayBehaviour {
    let flow = RelayFlow(delay: delay)
    return RelayBehaviour(requests: flow, answers: flow)
  }

  /// Only the answers are slow.
  public static func trickling(bytesPerSecond: Int) -> RelayBehaviour {
    RelayBehaviour(answers: RelayFlow(bytesPerSecond: bytesPerSecond))
  }

  public static func cutting(
    afterBytes bytes: Int, every: Int = 1, by ending: RelayCut.Ending = .reset
  ) -> RelayBehaviour {
    RelayBehaviour(cut: RelayCut(afterBytes: bytes, every: every, by: ending))
  }
}
