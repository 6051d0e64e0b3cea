import HTTP2
import Telemetry

/// The slots of what a worker counts of HTTP/2 connections.
package final class HTTP2Metrics: Sendable {
  let connections: Int
  let streams: Int
  private let goAways: [Int]
  private let floods: [Int]

  package init(_ registry: MetricRegistry) {
    func counter(_ name: String, _ help: String) -> Int {
      registry.series(registry.family(name, .counter, help: help))
    }
    connections = counter(
      "weir_downstream_http2_connections_total", "Connections of clients that speak HTTP/2.")
    streams = counter(
      "weir_downstream_http2_streams_total", "Streams that clients opened on HTTP/2 connections.")
    let ends = registry.family(
      "weir_downstream_http2_goaways_total", .counter,
      help: "GOAWAY frames sent to clients, by their code.", labels: ["code"])
    goAways = ErrorCode.allCases.map { registry.series(ends, ["\($0.name)"]) }
    let reasons = registry.family(
      "weir_downstream_http2_connections_ended_total", .counter,
      help: "HTTP/2 connections of clients that were ended for what they sent, by what it was.",
      labels: ["reason"])
    floods = SessionFault.allCases.map { registry.series(reasons, ["\($0.name)"]) }
  }

  func goAway(_ code: ErrorCode) -> Int { goAways[Int(code.rawValue)] }
  func flood(_ fault: SessionFault) -> Int { floods[Int(fault.rawValue)] }
}
