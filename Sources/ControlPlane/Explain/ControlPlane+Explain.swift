import DataPath
import HTTPServer
import Primitives
import ProxyConfiguration

/// `/explain`: what became of single requests.
extension ControlPlane {
  /// What a list shows at most, and what it copies of each worker.
  private static let listedMax = 100

  func explain(_ request: ServerRequest, _ id: String, _ done: @escaping Done) {
    guard let workers else { return done(.text("weir: not started\n", status: 503)) }
    if id.isEmpty { return list(request, workers, done) }
    let bytes = Array(id.utf8)
    let kept = configuration.explainEntries
    let slow = configuration.explainSlow.map { " or took \(Scalars.text($0))" } ?? ""
    let missing =
      "weir: nothing is kept of \(id); kept are, of each worker, the latest \(kept) requests "
      + "that failed, were tried again\(slow) (telemetry.explain)\n"
    workers.ask(
      { $0.explain(bytes) },
      done: { lists in
        let found = Self.latestFirst(lists)
        if found.isEmpty {
          done(.text(missing, status: 404))
        } else if request.wantsJSON {
          done(.json(.list(found.map(ExplainJSON.json))))
        } else {
          done(.text(found.map(ExplainText.text).joined()))
        }
      })
  }

  private func list(_ request: ServerRequest, _ workers: Workers, _ done: @escaping Done) {
    let filter: ExplainFilter
    do throws(ExplainQuery.Fault) {
      filter = try ExplainQuery.filter(request)
    } catch {
      return done(.text("weir: \(error)\n", status: 400))
    }
    workers.ask(
      { $0.latestExplained(Self.listedMax, filter) },
      done: { lists in
        let latest = Array(Self.latestFirst(lists).prefix(Self.listedMax))
        if request.parameter("format") == "jsonl" {
          done(.text(latest.map { ExplainJSON.summaryLine($0) + "\n" }.joined()))
        } else {
          done(
            request.wantsJSON ? .json(ExplainJSON.list(latest)) : .text(ExplainText.list(latest)))
        }
      })
  }

  private static func latestFirst(_ lists: [[ExchangeTrace]]) -> [ExchangeTrace] {
    lists.flatMap { $0 }.sorted { $0.beganAt + $0.duration > $1.beganAt + $1.duration }
  }
}
