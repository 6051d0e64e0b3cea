import ControlPlane
import DataPath
import Resilience
import Screens
import TLS

/// What happened in the demo, the last of it as lines, all of it as counts.
struct DemoEvents: Sendable {
  struct Event: Sendable {
    /// Since the start.
    var milliseconds: Int
    var text: String
    var tone: ScreenTone

    /// Such as `12.3s`.
    var time: String { "\(milliseconds / 1000).\(milliseconds / 100 % 10)s" }
  }

  /// More than any screen has lines.
  private static let recentMax = 100

  /// The latest last.
  private(set) var recent: [Event] = []
  private(set) var openings = 0
  private(set) var ejections = 0

  mutating func add(_ text: String, _ tone: ScreenTone, at milliseconds: Int) {
    if recent.count == Self.recentMax { recent.removeFirst() }
    recent.append(Event(milliseconds: milliseconds, text: text, tone: tone))
  }

  /// `names`: of endpoints, by address.
  mutating func add(_ change: MeshChange, _ names: [String: String], at milliseconds: Int) {
    func name(_ address: String) -> String { names[address] ?? address }
    switch change {
    case .health(let change):
      var text = "\(name("\(change.endpoint)")) is \(change.isHealthy ? "healthy" : "unhealthy")"
      if case .probe(let result) = change.cause, !change.isHealthy { text += ": \(result)" }
      add(text, change.isHealthy ? .good : .bad, at: milliseconds)
    case .policy(.ejected(_, let endpoint, let reason, let nanoseconds, _)):
      ejections += 1
      let time = DemoText.seconds(nanoseconds)
      add("\(name(endpoint)) ejected for \(time): \(reason)", .bad, at: milliseconds)
    case .policy(.panic(let upstream, let isOn)):
      add(
        isOn ? "\(upstream) panics: all endpoints are asked" : "\(upstream) panics no more",
        isOn ? .bad : .good, at: milliseconds)
    case .policy(.handshakeFailed(let failure)):
      add("TLS with \(name(failure.peer)) failed: \(failure.fault.text)", .bad, at: milliseconds)
    case .policy(.proxyHeaderRefused(_, let peer, let reason)):
      add("\(name(peer)) was closed for its PROXY header: \(reason)", .bad, at: milliseconds)
    case .policy(.returned(_, let endpoint, _)):
      add("\(name(endpoint)) is back from ejection", .good, at: milliseconds)
    case .policy(.breakerEdited(_, _, let subject, let state, _)):
      add(
        "\(name(subject)) has new breaker settings, still \(state.rawValue)", .plain,
        at: milliseconds)
    case .policy(.breakerRemoved(_, _, let subject, _)):
      add("\(name(subject)) has no breaker any more", .plain, at: milliseconds)
    case .policy(.breaker(_, let upstream, let subject, let change)):
      if change.to == .open { openings += 1 }
      let whose = subject == upstream ? upstream : name(subject)
      add(Self.text(whose, change), Self.tone(change.to), at: milliseconds)
    }
  }

  private static func text(_ whose: String, _ change: CircuitBreaker.Transition) -> String {
    let states = "\(change.from.rawValue) -> \(change.to.rawValue)"
    let time = change.openFor.map { " for \(DemoText.seconds($0))" } ?? ""
    return "\(whose) breaker \(states)\(time): \(change.reason.rawValue)"
  }

  private static func tone(_ state: CircuitBreaker.State) -> ScreenTone {
    switch state {
    case .closed, .disabled: .good
    case .halfOpen, .recovering, .shadow: .warning
    case .open, .forcedOpen: .bad
    }
  }
}
