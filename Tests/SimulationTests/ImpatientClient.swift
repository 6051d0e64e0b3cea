import Primitives
import WeirTesting

/// A client of one request, which keeps what it is sent and may leave before it has its answer.
final class ImpatientClient: SimulatedPeer {
  private let network: SimulatedNetwork
  private let request: String
  private let patience: Duration?
  private let takesAnswers: Bool
  private var bytes: [UInt8] = []
  /// Weir has ended the connection.
  private(set) var isEnded = false
  private(set) var wasReset = false

  /// `patience`: how long it waits; nil: until the end.
  init(
    _ network: SimulatedNetwork, _ request: String, patience: Duration? = nil,
    takesAnswers: Bool = true
  ) {
    self.network = network
    self.request = request
    self.patience = patience
    self.takesAnswers = takesAnswers
  }

  var answer: String { String(decoding: bytes, as: UTF8.self) }
  /// 0: there is none.
  var status: Int { Int(answer.split(separator: " ").dropFirst().first ?? "") ?? 0 }

  func connected(_ socket: SimulatedSocket) {
    socket.deliver(Array(request.utf8))
    guard let patience else { return }
    network.after(patience) { socket.close() }
  }

  func received(_ socket: SimulatedSocket) {
    if takesAnswers { bytes += socket.take() }
  }

  func ended(_ socket: SimulatedSocket, isReset: Bool) {
    bytes += socket.take()
    isEnded = true
    wasReset = isReset
    socket.close()
  }
}
