import DataPath
import Dispatch
import HTTPServer
import Primitives
import Telemetry

/// The pages that decide over a pod's life and its alerts: `/livez`, `/readyz` and `/metrics`.
///
/// Why beside the control queue: that one may be at a reload of fifty thousand routes, and a probe
/// that waits for it is a probe that fails. They are answered from what the control plane last made
/// known: the probes at once, on the control loop, the metrics on a queue of their own, so that
/// neither a loop nor a worker renders or compresses.
/// Confinement: none; any thread.
final class StatusPages: Sendable {
  private struct Known {
    var phase = ControlPlane.Phase.starting
    var reloadFaults: [String] = []
    var identityFaults: [String] = []
    var scrape: (@Sendable (@escaping @Sendable (CounterTotals) -> Void) -> Void)?
  }

  private let known = Lock(Known())
  private let queue = DispatchQueue(label: "weir.metrics")

  func set(phase: ControlPlane.Phase) { known.withLock { $0.phase = phase } }

  /// Notes the faults of the last reload; none: it was good.
  func set(reloadFaults: [String]) { known.withLock { $0.reloadFaults = reloadFaults } }

  /// Notes the certificate files that cannot be used; none: all are in use.
  func set(identityFaults: [String]) { known.withLock { $0.identityFaults = identityFaults } }

  /// `scrape` calls back, on any thread, with what all loops have counted.
  func set(scrape: @escaping @Sendable (@escaping @Sendable (CounterTotals) -> Void) -> Void) {
    known.withLock { $0.scrape = scrape }
  }

  /// Never calls back before there is something to scrape.
  func scrape(_ done: @escaping @Sendable (CounterTotals) -> Void) {
    known.withLock { $0.scrape }?(done)
  }

  /// False: the request is for another page.
  func answer(_ request: ServerRequest, _ done: @escaping ControlPlane.Done) -> Bool {
    guard request.isRead else { return false }
    switch request.path {
    case "/livez": done(.text("alive\n"))
    case "/readyz": done(readiness)
    case "/metrics":
      guard let scrape = known.withLock({ $0.scrape }) else { return false }
      scrape { [queue] totals in
        queue.async { done(Self.metrics(totals, request)) }
      }
    default: return false
    }
    return true
  }

  /// A refused reload does not make it unready: what was good is still served (rule 5 of ARCHITECTURE.md).
  private var readiness: ServerResponse {
    let (phase, faults, identities) = known.withLock {
      ($0.phase, $0.reloadFaults, $0.identityFaults)
    }
    guard phase == .serving else { return .text("not ready: \(phase.rawValue)\n", status: 503) }
    return .text(
      "ready\n" + faults.map { "the last reload was refused: \($0)\n" }.joined()
        + identities.map { $0 + "\n" }.joined())
  }

  private static func metrics(_ totals: CounterTotals, _ request: ServerRequest) -> ServerResponse {
    let format = request.metricsFormat
    let body = Array(Exposition.render(totals, format: format).utf8)
    var response = ServerResponse(status: 200, contentType: format.contentType, body: body)
    // What the answer depends on (RFC 9110 §12.5.5).
    response.fields = ["vary: accept, accept-encoding"]
    if request.wantsGzip, let compressed = Gzip.compress(body) {
      response.body = compressed
      response.fields.append("content-encoding: gzip")
    }
    return response
  }
}
