import Primitives
import WeirTesting

/// A far end that tells what it is sent, and does what a test says with it.
final class PlayedPeer: SimulatedPeer {
  private(set) var inbox: [UInt8] = []
  private(set) var socket: SimulatedSocket?
  private(set) var hasEnded = false
  private(set) var wasReset = false
  /// Takes nothing while it is false.
  var reads = true
  private let opened: (PlayedPeer) -> Void
  private let asked: (PlainMessage, PlayedPeer) -> Void

  /// `asked`: gets each whole request.
  init(
    opened: @escaping (PlayedPeer) -> Void = { _ in },
    asked: @escaping (PlainMessage, PlayedPeer) -> Void = { _, _ in }
  ) {
    self.opened = opened
    self.asked = asked
  }

  var text: String { String(decoding: inbox, as: UTF8.self) }

  func send(_ text: String) { socket?.deliver(Array(text.utf8)) }

  func connected(_ socket: SimulatedSocket) {
    self.socket = socket
    opened(self)
  }

  func received(_ socket: SimulatedSocket) {
    guard reads else { return }
    inbox += socket.take()
    while let message = PlainMessage.read(inbox), message.startLine.hasSuffix("HTTP/1.1") {
      inbox.removeFirst(message.count)
      asked(message, self)
    }
  }

  func ended(_ socket: SimulatedSocket, isReset: Bool) {
    if reads { inbox += socket.take() }
    hasEnded = true
    wasReset = isReset
    socket.close()
  }
}
