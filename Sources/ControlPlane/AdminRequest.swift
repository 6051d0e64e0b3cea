import Telemetry

/// A request to the admin listener, as far as the endpoints care.
package struct AdminRequest: Sendable {
  var method: String
  var path: String
  var query: String
  var accept: String
  var acceptEncoding: String
  /// The page that sent it; nil: it is no browser's.
  var origin: String?
  var host: String?
  var body: String

  var isRead: Bool { method == "GET" || method == "HEAD" }

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

  var wantsGzip: Bool { MediaRange.wantsGzip(MediaRange.list(acceptEncoding)) }

  /// What stands in the path behind `prefix` and a slash, decoded; empty for the prefix alone; nil:
  /// it is another path.
  func rest(behind prefix: String) -> String? {
    guard path.hasPrefix(prefix) else { return nil }
    let rest = path.dropFirst(prefix.count)
    if rest.isEmpty { return "" }
    guard rest.first == "/" else { return nil }
    return Self.decoded(rest.dropFirst())
  }

  /// A member of the query, decoded.
  func parameter(_ name: String) -> String? {
    let members = query.drop { $0 == "?" }.split(separator: "&")
    guard let member = members.first(where: { $0.hasPrefix(name + "=") }) else { return nil }
    return Self.decoded(member.dropFirst(name.count + 1))
  }

  /// Percent-encoded bytes as they are meant (RFC 3986 §2.1); what is no such triplet stays.
  static func decoded(_ text: some StringProtocol) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x25, index + 2 < bytes.count,
        let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
      {
        result.append(value)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
