import Primitives
import WeirTesting

/// An endpoint's end of a connection that takes one request: a health check, or one of a client's.
final class CheckedEndpoint: SimulatedPeer {
  enum Conduct {
    /// All at once, when the request's head is there.
    case answers(String)
    case answersLate(String, after: Duration)
    /// In pieces of `bytes`, one each `pause`, and then no more.
    case drips(String, bytes: Int, pause: Duration)
    /// This much of an answer, once it has begun, and then its end, or a reset.
    case breaksOff(String, begins: Duration = .zero, after: Duration, isReset: Bool)
    /// Takes the request and says nothing.
    case hangs
    /// Takes nothing.
    case neverReads
    case closes
    case resets
  }

  private let network: SimulatedNetwork
  private let conduct: Conduct
  private var inbox: [UInt8] = []
  private var isOver = false
  private let asked: (PlainMessage) -> Void

  init(
    _ network: SimulatedNetwork, _ conduct: Conduct,
    asked: @escaping (PlainMessage) -> Void = { _ in }
  ) {
    self.network = network
    self.conduct = conduct
    self.asked = asked
  }

  func connected(_ socket: SimulatedSocket) {}

  func received(_ socket: SimulatedSocket) {
    if case .neverReads = conduct { return }
    inbox += socket.take()
    guard !isOver, let head = PlainMessage.head(inbox) else { return }
    isOver = true
    asked(head)
    switch conduct {
    case .answers(let text): socket.deliver(Array(text.utf8))
    case .answersLate(let text, let delay):
      network.after(delay) { if !socket.weirClosed { socket.deliver(Array(text.utf8)) } }
    case .drips(let text, let bytes, let pause):
      drip(Array(text.utf8)[...], bytes, pause, socket)
    case .breaksOff(let text, let start, let delay, let isReset):
      network.after(start) { socket.deliver(Array(text.utf8)) }
      network.after(start + delay) { isReset ? socket.reset(losing: false) : socket.close() }
    case .hangs, .neverReads: break
    case .closes: socket.close()
    case .resets: socket.reset(losing: true)
    }
  }

  private func drip(
    _ rest: ArraySlice<UInt8>, _ bytes: Int, _ pause: Duration, _ socket: SimulatedSocket
  ) {
    guard !rest.isEmpty, !socket.weirClosed else { return }
    socket.deliver(Array(rest.prefix(bytes)))
    network.after(pause) { [self] in drip(rest.dropFirst(bytes), bytes, pause, socket) }
  }

  func ended(_ socket: SimulatedSocket, isReset: Bool) {
    isOver = true
    socket.close()
  }
}
