import DataPath
import HTTPServer
import Primitives
import ProxyConfiguration

/// Reads which requests a list of `/explain` is to show: `?since=5m&status=5xx&route=fhir`.
enum ExplainQuery {
  struct Fault: Error, CustomStringConvertible {
    var description: String
  }

  /// Throws a sentence that says what to write instead.
  static func filter(_ request: ServerRequest) throws(Fault) -> ExplainFilter {
    var filter = ExplainFilter()
    if let text = request.parameter("since") {
      guard let duration = Scalars.duration(text), duration > .zero else {
        throw Fault(description: "since must be a duration such as 90s or 5m, not \"\(text)\"")
      }
      filter.sinceNanoseconds = duration.nanosecondsClamped
    }
    if let text = request.parameter("status") {
      guard let statuses = statuses(text) else {
        throw Fault(
          description: "status must be one such as 503, 5xx or 500-504, not \"\(text)\"")
      }
      filter.statuses = statuses
    }
    filter.route = request.parameter("route")
    return filter
  }

  private static func statuses(_ text: String) -> ClosedRange<Int>? {
    if text.count == 3, text.hasSuffix("xx"), let first = text.first?.wholeNumberValue,
      (1...5).contains(first)
    {
      return first * 100...first * 100 + 99
    }
    return Scalars.statuses(text)
  }
}
