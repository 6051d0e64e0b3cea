/// A request to the admin listener, as far as the endpoints care.
package struct AdminRequest: Sendable {
  var method: String
  var path: String
  var query: String
  var accept: String
  var body: String

  /// `?format=text` or `?format=json` decides, else `Accept`, else JSON.
  var wantsText: Bool {
    if query.contains("format=text") { return true }
    if query.contains("format=json") { return false }
    return accept.contains("text/plain") && !accept.contains("json")
  }

  var wantsOpenMetrics: Bool { accept.contains("application/openmetrics-text") }
}
