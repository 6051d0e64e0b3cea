import Primitives
import WeirTesting

/// A client that sends requests over one connection, in pieces, and checks each answer.
final class SimulatedClient: SimulatedPeer {
  struct Request {
    var id: String
    var method: String
    var body: [UInt8]
    var answerBytes: Int
    var isChunked: Bool
  }

  private let journal: Journal
  private let network: SimulatedNetwork
  private let requests: [Request]
  /// It may break off, stall or end its direction early.
  private let isFaulty: Bool
  private var sentCount = 0
  private var answered = 0
  private var inbox: [UInt8] = []
  private var socket: SimulatedSocket?
  private var isOver = false

  init(_ journal: Journal, _ network: SimulatedNetwork, _ requests: [Request], isFaulty: Bool) {
    self.journal = journal
    self.network = network
    self.requests = requests
    self.isFaulty = isFaulty
  }

  func connected(_ socket: SimulatedSocket) {
    self.socket = socket
    sendNext()
  }

  private func sendNext() {
    guard sentCount < requests.count, let socket, !isOver else { return }
    var all: [UInt8] = []
    repeat {
      all += bytes(requests[sentCount])
      sentCount += 1
      // Pipelines now and then.
    } while sentCount < requests.count && network.random.chance(1, in: 4)
    send(all, from: 0, on: socket)
  }

  private func bytes(_ request: Request) -> [UInt8] {
    var text = "\(request.method) /\(request.id) HTTP/1.1\r\nHost: sim\r\nx-id: \(request.id)\r\n"
    text += "x-size: \(request.answerBytes)\r\n"
    guard request.method != "GET", request.method != "HEAD" else {
      return Array((text + "\r\n").utf8)
    }
    guard request.isChunked else {
      return Array("\(text)Content-Length: \(request.body.count)\r\n\r\n".utf8) + request.body
    }
    var result = Array("\(text)Transfer-Encoding: chunked\r\n\r\n".utf8)
    var at = 0
    while at < request.body.count {
      let count = min(1 + Int(network.random.below(5000)), request.body.count - at)
      result += Array("\(String(count, radix: 16))\r\n".utf8) + request.body[at..<at + count]
      result += [13, 10]
      at += count
    }
    return result + Array("0\r\n\r\n".utf8)
  }

  private func send(_ bytes: [UInt8], from start: Int, on socket: SimulatedSocket) {
    guard start < bytes.count, !isOver else { return }
    if isFaulty, network.random.chance(1, in: 40) {
      isOver = true
      if network.random.chance(1, in: 2) { socket.reset(losing: true) } else { socket.close() }
      return
    }
    let most = network.random.chance(1, in: 4) ? 3 : 20_000
    let count = min(1 + Int(network.random.below(UInt32(most))), bytes.count - start)
    socket.deliver(Array(bytes[start..<start + count]))
    network.after(network.latency()) { [self] in send(bytes, from: start + count, on: socket) }
  }

  func received(_ socket: SimulatedSocket) {
    guard !isOver else { return }
    if isFaulty, network.random.chance(1, in: 60) {
      // Reads no more for a while.
      network.after(.seconds(2)) { [self] in read(socket) }
    } else {
      read(socket)
    }
  }

  private func read(_ socket: SimulatedSocket) {
    inbox += socket.take()
    while takeAnswer(isOver: false) {}
  }

  private func takeAnswer(isOver: Bool) -> Bool {
    guard answered < sentCount else {
      if !inbox.isEmpty {
        journal.fault("bytes nobody asked for: \(String(decoding: inbox, as: UTF8.self))")
      }
      inbox = []
      return false
    }
    let request = requests[answered]
    guard
      let answer = PlainMessage.read(
        inbox, hasBody: request.method != "HEAD", isResponse: true, isOver: isOver)
    else { return false }
    inbox.removeFirst(answer.count)
    if answer.startLine.hasPrefix("HTTP/1.1 1") { return true }
    answered += 1
    judge(answer, request)
    if answer["connection"] == "close" { leave() } else if answered == sentCount { next() }
    return true
  }

  private func next() {
    if sentCount == requests.count { return leave() }
    network.after(network.latency()) { [self] in sendNext() }
  }

  private func judge(_ answer: PlainMessage, _ request: Request) {
    if answer.startLine.hasPrefix("HTTP/1.1 200") {
      let expected = SimulatedEndpoint.answer(
        request.id, request.body.count, request.answerBytes)
      if request.method != "HEAD", answer.body != expected {
        let part = String(decoding: answer.body.prefix(20), as: UTF8.self)
        journal.fault(
          "\(request.method) \(request.id) with \(request.body.count) bytes got another's answer, or "
            + "a part: \(answer.body.count) of \(expected.count) bytes, \(part)")
      }
      journal.answered(request.id)
    } else if answer["proxy-status"] == nil {
      journal.fault("\(request.id): \(answer) without a proxy-status")
    } else {
      journal.failed(
        request.id, answer.startLine + " " + String(decoding: answer.body, as: UTF8.self))
    }
  }

  private func leave() {
    isOver = true
    socket?.close()
  }

  func ended(_ socket: SimulatedSocket, isReset: Bool) {
    guard !isOver else { return }
    read(socket)
    if !isReset, !isOver { _ = takeAnswer(isOver: true) }
    if answered < sentCount { journal.cut(requests[answered].id) }
    leave()
  }
}
