import ControlPlane
import Primitives
import Resilience
import Screens

/// What the proxy says of endpoints and breakers, in as few words as a cell of the screen has room
/// for.
extension DemoView.Endpoint {
  /// `report`: nil where the proxy does not know the endpoint, or has not been asked yet.
  init(_ report: UpstreamReport.Endpoint?, now: Instant, ills: DemoIlls) {
    self.ills = ills
    guard let report else {
      (state, tone) = ("-", .dim)
      return
    }
    switch report.condition {
    case .unhealthy: (state, tone) = ("unhealthy", .bad)
    case .unreachable: (state, tone) = ("unreachable", .bad)
    case .ejected:
      let time = report.ejection.map { " \(DemoText.seconds($0.forNanoseconds))" } ?? ""
      (state, tone) = ("ejected\(time)", .bad)
    case .available, .circuitOpen:
      let (word, tone) = DemoView.words(report.breaker, now: now)
      let isFine = word == "closed" || word == "-"
      (state, self.tone) = isFine ? ("up", .good) : (word, tone)
    }
  }
}

extension DemoView {
  /// A breaker in a few words: `open 2.4s`, `recovering 40%`.
  static func words(
    _ breaker: CircuitBreaker.Figures?, now: Instant
  ) -> (text: String, tone: ScreenTone) {
    guard let breaker else { return ("-", .dim) }
    switch breaker.state {
    case .closed: return ("closed", .good)
    case .recovering:
      return ("recovering \(breaker.admittedShare.basisPoints / 100)%", .warning)
    case .open:
      // Nothing left: the next request will probe.
      let left = breaker.openUntil.map { max($0.nanoseconds(since: now), 0) } ?? 0
      return ("open \(DemoText.seconds(left))", .bad)
    case .halfOpen: return ("half-open", .warning)
    case .forcedOpen: return ("forced open", .bad)
    case .disabled: return ("disabled", .dim)
    case .shadow: return ("shadow", .dim)
    }
  }
}
