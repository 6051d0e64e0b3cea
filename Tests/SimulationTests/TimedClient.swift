import Primitives
import WeirTesting

/// A client of one request, which notes when it was sent and what came back when.
final class TimedClient: SimulatedPeer {
  struct Answer {
    var status: Int
    /// Who gave it: `x-endpoint`; nil: Weir.
    var endpoint: String?
    /// From the request's sending to the whole answer.
    var duration: Duration
  }

  private let network: SimulatedNetwork
  private let fields: String
  private let sentAt: Instant
  private var inbox: [UInt8] = []
  /// nil: none has come.
  private(set) var answer: Answer?

  init(_ network: SimulatedNetwork, fields: String = "") {
    self.network = network
    self.fields = fields
    sentAt = network.time
  }

  func connected(_ socket: SimulatedSocket) {
    socket.deliver(Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(fields)\r\n".utf8))
  }

  func received(_ socket: SimulatedSocket) {
    inbox += socket.take()
    guard answer == nil, let message = PlainMessage.read(inbox, isResponse: true) else { return }
    answer = Answer(
      status: Int(message.startLine.split(separator: " ").dropFirst().first ?? "") ?? 0,
      endpoint: message["x-endpoint"], duration: network.time.duration(since: sentAt))
    socket.close()
  }

  func ended(_ socket: SimulatedSocket, isReset: Bool) {
    if !isReset { received(socket) }
    socket.close()
  }
}
