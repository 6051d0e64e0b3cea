import ProxyConfiguration

/// An answer of the admin listener.
package struct AdminResponse: Sendable {
  var status: Int
  var contentType: String
  var body: [UInt8]
  /// Further fields, whole lines.
  var fields: [String] = []

  static func text(_ text: String, status: Int = 200) -> AdminResponse {
    AdminResponse(
      status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }

  static func json(_ value: JSONValue, status: Int = 200) -> AdminResponse {
    AdminResponse(
      status: status, contentType: "application/json", body: Array((value.text + "\n").utf8))
  }
}
