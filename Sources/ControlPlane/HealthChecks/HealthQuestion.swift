import HTTPClient
import HTTPModel
import Primitives

/// What a health check asks an endpoint, and which answers are good.
package struct HealthQuestion: Sendable, Equatable {
  /// Asked for with GET; nil: a TCP connection is enough.
  package var path: String?
  /// The `Host` that is sent; nil: the address that is asked.
  package var host: String?
  /// Another port than the endpoint's; it means nothing to a Unix-domain endpoint.
  package var port: UInt16?
  /// Statuses of a good answer. Default: RFC 9110 §15.3.
  package var statuses: [ClosedRange<UInt16>]

  package init(
    path: String? = nil, host: String? = nil, port: UInt16? = nil,
    statuses: [ClosedRange<UInt16>] = [200...299]
  ) {
    self.path = path
    self.host = host
    self.port = port
    self.statuses = statuses
  }

  func accepts(_ status: UInt16) -> Bool {
    statuses.contains { $0.contains(status) }
  }

  /// Bytes of an answer's head; all interim ones may be as many again. Nothing in it but the status is
  /// used, and a small block holds it all.
  static let headBytesMax = BufferPool.smallBytes / 2

  /// Where the endpoint is asked; a Unix-domain endpoint has no port: it is asked itself.
  func target(_ endpoint: SocketAddress) -> SocketAddress {
    guard let port, let address = endpoint.ip else { return endpoint }
    return .ip(address, port: port)
  }

  /// The question at `target`. Its body stays unread.
  func call(at target: SocketAddress) -> ClientCall {
    guard let path else { return .connect() }
    // RFC 9110 §7.2 wants a host; a path of the file system is none.
    let own = target.ip == nil ? "localhost" : target.description
    return ClientCall(
      .get, path, host: host ?? own, fields: [(name: "user-agent", value: "weir-health-check")],
      answerBody: .unread, headBytesMax: Self.headBytesMax)
  }
}
