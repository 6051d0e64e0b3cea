import HTTPServer
import ProxyConfiguration

extension ServerResponse {
  static func json(_ value: JSONValue, status: Int = 200) -> ServerResponse {
    ServerResponse(
      status: status, contentType: "application/json", body: Array((value.text + "\n").utf8))
  }
}
