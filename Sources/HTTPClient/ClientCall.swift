import HTTPModel
import Primitives

/// One call of Weir's own: what is asked, and how far its answer is read.
package struct ClientCall: Sendable {
  /// What becomes of the answer's body.
  package enum Body: Sendable, Equatable {
    /// Nothing of it is read: the call ends with the final head, and its connection too.
    case unread
    /// It stands in the answer; a longer one is a fault.
    case kept(bytesMax: Int)
    /// It is told part by part, as it comes, and stands nowhere. No limit but the deadline.
    case streamed
  }

  package var method: Method
  /// The path and the query.
  package var target: String
  /// RFC 9110 §7.2.
  package var host: String
  /// Further fields of the request; neither of the framing nor of the connection.
  package var fields: [(name: String, value: String)]
  package var body: [UInt8]
  package var answerBody: Body
  /// Bytes of the answer's head; all its interim heads (1xx) may be as many again.
  package var headBytesMax: Int
  /// The connection may carry another call behind this one.
  package var keepsOpen: Bool
  /// Nothing is asked: the call ends well as soon as the connection is there.
  package private(set) var isConnectOnly = false

  package init(
    _ method: Method = .get, _ target: String, host: String,
    fields: [(name: String, value: String)] = [], body: [UInt8] = [],
    answerBody: Body = .kept(bytesMax: 1 << 20), headBytesMax: Int = 16 * 1024,
    keepsOpen: Bool = false
  ) {
    self.method = method
    self.target = target
    self.host = host
    self.fields = fields
    self.body = body
    self.answerBody = answerBody
    self.headBytesMax = headBytesMax
    self.keepsOpen = keepsOpen
  }

  /// Only asks whether a connection comes about.
  package static func connect() -> ClientCall {
    var call = ClientCall(.get, "", host: "", answerBody: .unread)
    call.isConnectOnly = true
    return call
  }

  /// The request as HTTP/1.1 writes it; empty where nothing is asked.
  var bytes: [UInt8] {
    if isConnectOnly { return [] }
    var head = "\(method.name) \(target) HTTP/1.1\r\nhost: \(host)\r\n"
    for field in fields { head += "\(field.name): \(field.value)\r\n" }
    if !body.isEmpty || !method.isIdempotent { head += "content-length: \(body.count)\r\n" }
    if !keepsOpen { head += "connection: close\r\n" }
    return Array((head + "\r\n").utf8) + body
  }
}
