import DataPath
import Primitives
import ProxyConfiguration

/// `/explain`: what became of single requests.
extension ControlPlane {
  /// What a list shows at most, and what it copies of each worker.
  private static let listedMax = 100

  func explain(_ request: AdminRequest, _ id: String, _ done: @escaping Done) {
    guard let workers else { return done(.text("weir: not started\n", status: 503)) }
    if id.isEmpty {
      return workers.ask({ $0.latestExplained(Self.listedMax) }) { lists in
        let latest = Array(Self.latestFirst(lists).prefix(Self.listedMax))
        done(
          request.wantsJSON ? .json(ExplainJSON.list(latest)) : .text(ExplainText.list(latest)))
      }
    }
    let bytes = Array(id.utf8)
    let kept = configuration.explainEntries
    let slow = configuration.explainSlow.map { " or took \(Scalars.text($0))" } ?? ""
    workers.ask({ $0.explain(bytes) }) { lists in
      let found = Self.latestFirst(lists)
      guard !found.isEmpty else {
        return done(
          .text(
            "weir: nothing is kept of \(id); kept are, of each worker, the latest \(kept) requests "
              + "that failed, were tried again\(slow) (telemetry.explain)\n", status: 404))
      }
      done(
        request.wantsJSON
          ? .json(.list(found.map(ExplainJSON.json)))
          : .text(found.map(ExplainText.text).joined()))
    }
  }

  private static func latestFirst(_ lists: [[ExchangeTrace]]) -> [ExchangeTrace] {
    lists.flatMap { $0 }.sorted { $0.beganAt + $0.duration > $1.beganAt + $1.duration }
  }
}
