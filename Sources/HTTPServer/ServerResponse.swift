/// An answer of one of Weir's own pages.
package struct ServerResponse: Sendable {
  package var status: Int
  package var contentType: String
  package var body: [UInt8]
  /// Further fields, whole lines without their ends.
  package var fields: [String] = []
  /// The answer goes out this much later, as if there were work: for a service that is played.
  package var delay = Duration.zero
  /// The answer goes on with these, and `body` is sent before the first of them.
  package var events: ServerEvents?

  package init(status: Int, contentType: String, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  package static func text(_ text: String, status: Int = 200) -> ServerResponse {
    ServerResponse(
      status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }

  /// A page that stays open, and is told what happens.
  package static func events(_ events: ServerEvents) -> ServerResponse {
    var response = ServerResponse(status: 200, contentType: "text/event-stream", body: [])
    response.fields = ["cache-control: no-store"]
    response.events = events
    return response
  }
}
