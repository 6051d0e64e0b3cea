import HTTPModel
import Telemetry

/// The slots of what a worker counts beside requests and upstreams.
package final class WorkerMetrics: Sendable {
  /// The workers count what the writer had no room for, the process what could not be written.
  package static let logLinesDropped = (
    name: "weir_access_log_lines_dropped_total",
    help: "Log lines lost because the writer was behind or a write failed."
  )

  let connectionsAccepted: Int
  let connectionsActive: Int
  let connectionsRefused: Int
  let connectionsEvicted: Int
  let acceptPauses: Int
  let requestsActive: Int
  let receivedBytes: Int
  let sentBytes: Int
  let bufferBytes: Int
  let bufferRefusals: Int
  let logLinesDropped: Int
  let turns: Int
  let http2: HTTP2Metrics
  private let injected: [Int]
  private let headFaults: [Int]
  private let bodyFaults: [Int]
  private let responseHeadFaults: [Int]
  private let responseBodyFaults: [Int]

  package init(_ registry: MetricRegistry) {
    func counter(_ name: String, _ help: String) -> Int {
      registry.series(registry.family(name, .counter, help: help))
    }
    func gauge(_ name: String, _ help: String) -> Int {
      registry.series(registry.family(name, .gauge, help: help))
    }
    connectionsAccepted = counter(
      "weir_downstream_connections_accepted_total", "Connections accepted from clients.")
    connectionsActive = gauge("weir_downstream_connections", "Connections of clients.")
    connectionsRefused = counter(
      "weir_downstream_connections_refused_total", "Connections refused above the limit.")
    connectionsEvicted = counter(
      "weir_downstream_connections_evicted_total",
      "Idle connections that were closed to make room for another client.")
    acceptPauses = counter(
      "weir_listener_accept_pauses_total", "Times that accepting stopped for want of descriptors.")
    requestsActive = gauge("weir_requests_active", "Requests in flight.")
    receivedBytes = counter("weir_downstream_received_bytes_total", "Bytes received from clients.")
    sentBytes = counter("weir_downstream_sent_bytes_total", "Bytes sent to clients.")
    bufferBytes = gauge("weir_buffer_bytes", "Buffer memory in use.")
    bufferRefusals = counter(
      "weir_buffer_refusals_total", "Buffers that the budget did not allow.")
    logLinesDropped = counter(
      Self.logLinesDropped.name, Self.logLinesDropped.help)
    http2 = HTTP2Metrics(registry)
    turns = registry.series(
      registry.family(
        "weir_loop_turn_seconds", .histogram(HistogramBounds.turns),
        help: "Time that one turn of a worker's loop took."))
    let faults = registry.family(
      "weir_faults_injected_total", .counter, help: "Faults that were put in on purpose.",
      labels: ["fault"])
    injected = InjectedFault.allCases.map { registry.series(faults, [$0.rawValue]) }
    let rejections = registry.family(
      "weir_parser_rejections_total", .counter,
      help: "Messages that were refused, by what was wrong with them.",
      labels: ["message", "fault"])
    headFaults = HeadFault.allCases.map { registry.series(rejections, ["request", "\($0.name)"]) }
    bodyFaults = BodyFault.allCases.map {
      registry.series(rejections, ["request_body", "\($0.name)"])
    }
    responseHeadFaults = HeadFault.allCases.map {
      registry.series(rejections, ["response", "\($0.name)"])
    }
    responseBodyFaults = BodyFault.allCases.map {
      registry.series(rejections, ["response_body", "\($0.name)"])
    }
  }

  func faults(_ fault: InjectedFault) -> Int {
    switch fault {
    case .delay: injected[0]
    case .abort: injected[1]
    case .reset: injected[2]
    case .bandwidth: injected[3]
    }
  }

  func request(_ fault: HeadFault) -> Int { headFaults[Int(fault.rawValue)] }
  func request(_ fault: BodyFault) -> Int { bodyFaults[Int(fault.rawValue)] }
  func response(_ fault: HeadFault) -> Int { responseHeadFaults[Int(fault.rawValue)] }
  func response(_ fault: BodyFault) -> Int { responseBodyFaults[Int(fault.rawValue)] }
}
