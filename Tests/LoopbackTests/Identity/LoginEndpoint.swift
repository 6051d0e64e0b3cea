import Foundation
import Primitives
import WeirTesting

/// A service that logs connections in as IIS does with NTLM: three legs on one connection, and
/// whatever follows on that connection is answered as the one who logged in.
///
/// `token`s stand for the protocol's messages but where a real client checks them: the challenge is a
/// whole type 2 message (MS-NLMP §2.2.1.2) that curl takes.
final class LoginEndpoint: Sendable {
  static let challenge =
    "TlRMTVNTUAACAAAACAAIADAAAAAFggEAASNFZ4mrze8AAAAAAAAAAAAAAAA4AAAAVwBFAEkAUgA="

  let port: UInt16
  private let endpoint: ScriptedEndpoint
  private let journal: Lock<[(connection: Int, line: String)]>

  /// The requests, each with the number of its connection.
  var seen: [(connection: Int, line: String)] { journal.withLock { $0 } }

  /// `scheme`: as challenged; `closing`: the path on which the connection closes without an answer.
  init(scheme: String = "NTLM", field: String = "WWW-Authenticate", status: Int = 401) throws {
    let journal = Lock<[(connection: Int, line: String)]>([])
    self.journal = journal
    endpoint = try ScriptedEndpoint { connection, number in
      var user = "nobody"
      while true {
        let request = try connection.receiveMessage()
        if request.isEmpty { return }
        let line = String(request.prefix { $0 != "\r" })
        journal.withLock { $0.append((number, line)) }
        if line.contains("/hang up") || line.contains("/close") { return connection.close() }
        let asks = "HTTP/1.1 \(status) Log in\r\nContent-Length: 0\r\n\(field): \(scheme)"
        switch Self.leg(request) {
        case .first: try connection.send("\(asks) \(Self.challenge)\r\n\r\n")
        case .last(let name):
          user = name
          fallthrough
        case .none where user != "nobody" || line.contains("/open"):
          let body = "\(user) on \(number)"
          try connection.send(
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        case .none: try connection.send("\(asks)\r\n\r\n")
        }
      }
    }
    port = endpoint.port
  }

  private enum Leg {
    case none, first
    case last(String)
  }

  /// `one`, or a token of message type 1, begins; `as-NAME`, or one of type 3, ends.
  private static func leg(_ request: String) -> Leg {
    let fields = request.split(separator: "\r\n").dropFirst()
    for field in fields where field.lowercased().contains("authorization: ") {
      guard let token = field.split(separator: " ").last, field.split(separator: " ").count > 2
      else {
        continue
      }
      if token.hasPrefix("as-") { return .last(String(token.dropFirst(3))) }
      return token.hasPrefix("TlRMTVNTUAAD") ? .last("curl") : .first
    }
    return .none
  }
}
