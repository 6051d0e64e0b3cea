import HTTPModel

/// An answer that a route gives by itself.
package struct DirectResponse: Sendable, Equatable {
  /// 200...599.
  package var status: UInt16
  /// Empty with 204, 205 and 304, which have no content (RFC 9110 §15.3.5, §15.3.6, §15.4.5).
  package var body: [UInt8]
  package var contentType: String

  package init(status: UInt16, body: [UInt8], contentType: String) {
    precondition(body.isEmpty || ![204, 205, 304].contains(status), "a status without content")
    self.status = status
    self.body = body
    self.contentType = contentType
  }

  /// To a request that may go no further (RFC 9110 §7.6.2): Weir is the one that was asked. It does
  /// not show what it received, which is what TRACE asks for: that may hold credentials (§9.3.8).
  static func lastForward(_ method: Method) -> DirectResponse {
    DirectResponse(
      status: method == .options ? 200 : 501, body: [], contentType: "text/plain; charset=utf-8")
  }
}
