import HTTPServer
import Telemetry

/// Which form of an answer the client would rather have.
extension ServerRequest {
  /// `?format=text` or `?format=json` decides, else `Accept`, else JSON.
  var wantsText: Bool {
    if let format = parameter("format") { return format == "text" }
    return accept.contains("text/plain") && !accept.contains("json")
  }

  /// The same, else text: for what is written for people.
  var wantsJSON: Bool {
    if let format = parameter("format") { return format == "json" }
    return accept.contains("json")
  }

  /// The format of metrics that the client would rather have; the text format where it has no
  /// opinion, or wants neither: Prometheus' own clients answer so too.
  var metricsFormat: Exposition.Format {
    let list = MediaRange.list(accept)
    let open = MediaRange.weight(of: "application/openmetrics-text", ["1.0.0"], in: list)
    let text = MediaRange.weight(of: "text/plain", ["0.0.4"], in: list)
    return open > text ? .openMetrics : .text
  }

  var wantsGzip: Bool { MediaRange.wantsGzip(MediaRange.list(field("accept-encoding") ?? "")) }

  private var accept: String { field("accept") ?? "" }
}
