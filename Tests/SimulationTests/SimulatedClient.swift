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
    /// Further lines of its head.
    var fields = ""
    /// From its last byte to its answer's head; for requests without a body.
    var headMax: Duration?
    /// From its first byte to its answer's head.
    var deadline: Duration?
    /// From its first byte to its answer's last, or to the cut.
    var totalMax: Duration?
  }

  /// When a request was sent and answered, as the client saw it.
  private struct Times {
    var begun: Instant?
    var sent: Instant?
    var head: Instant?
  }

  /// A reply of Weir's takes a few rounds to a client whose kernel holds little.
  private static let slack = Duration.milliseconds(400)

  private let journal: Journal
  private let network: SimulatedNetwork
  private let requests: [Request]
  /// It may break off, stall or end its direction early.
  private let isFaulty: Bool
  /// Waited before each request but the first, at most.
  private let pause: Duration
  private var times: [Times]
  /// Ends of the requests that are being sent, in `send`'s bytes.
  private var ends: [(number: Int, range: Range<Int>)] = []
  private var answeredAt = Instant(nanoseconds: 0)
  private var sentCount = 0
  private var answered = 0
  private var inbox: [UInt8] = []
  private var socket: SimulatedSocket?
  private var isOver = false

  init(
    _ journal: Journal, _ network: SimulatedNetwork, _ requests: [Request], isFaulty: Bool,
    pause: Duration = .zero
  ) {
    self.journal = journal
    self.network = network
    self.requests = requests
    self.isFaulty = isFaulty
    self.pause = pause
    times = requests.map { _ in Times() }
  }

  func connected(_ socket: SimulatedSocket) {
    self.socket = socket
    sendNext()
  }

  private func sendNext() {
    guard sentCount < requests.count, let socket, !isOver else { return }
    var all: [UInt8] = []
    ends = []
    repeat {
      let start = all.count
      all += bytes(requests[sentCount])
      ends.append((sentCount, start..<all.count))
      sentCount += 1
      // Pipelines now and then.
    } while sentCount < requests.count && network.random.chance(1, in: 4)
    send(all, from: 0, on: socket)
  }

  private func bytes(_ request: Request) -> [UInt8] {
    var text = "\(request.method) /\(request.id) HTTP/1.1\r\nHost: sim\r\nx-id: \(request.id)\r\n"
    text += "x-size: \(request.answerBytes)\r\n\(request.fields)"
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
      journal.left(requests[answered].id, pending: sentCount - answered)
      if network.random.chance(1, in: 2) { socket.reset(losing: true) } else { socket.close() }
      return
    }
    let most = network.random.chance(1, in: 4) ? 3 : 20_000
    let count = min(1 + Int(network.random.below(UInt32(most))), bytes.count - start)
    socket.deliver(Array(bytes[start..<start + count]))
    note(start..<start + count)
    network.after(network.latency()) { [self] in send(bytes, from: start + count, on: socket) }
  }

  private func note(_ delivered: Range<Int>) {
    for (number, range) in ends {
      if delivered.contains(range.lowerBound) { times[number].begun = network.time }
      if delivered.contains(range.upperBound - 1) { times[number].sent = network.time }
    }
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
    if answered < sentCount, times[answered].head == nil, let head = PlainMessage.head(inbox),
      !head.startLine.hasPrefix("HTTP/1.1 1")
    {
      times[answered].head = network.time
    }
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
        inbox, hasBody: hasBody(request), isResponse: true, isOver: isOver)
    else { return false }
    inbox.removeFirst(answer.count)
    if answer.startLine.hasPrefix("HTTP/1.1 1") { return true }
    checkTimes(request)
    answered += 1
    judge(answer, request)
    answeredAt = network.time
    if answer["connection"] == "close" { leave() } else if answered == sentCount { next() }
    return true
  }

  /// Whether the answer that comes may have a body (RFC 9112 §6.3).
  private func hasBody(_ request: Request) -> Bool {
    guard request.method != "HEAD", let head = PlainMessage.head(inbox) else { return false }
    return !head.startLine.hasPrefix("HTTP/1.1 204") && !head.startLine.hasPrefix("HTTP/1.1 304")
  }

  private func next() {
    if sentCount == requests.count { return leave() }
    var wait = network.latency()
    if pause > .zero {
      wait += .milliseconds(Int(network.random.below(UInt32(pause / .milliseconds(1)))))
    }
    network.after(wait) { [self] in sendNext() }
  }

  /// Every exchange ends by its deadline. A client that stalls sees it later.
  private func checkTimes(_ request: Request) {
    guard !isFaulty else { return }
    let times = times[answered]
    func check(_ name: String, from start: Instant?, to end: Instant, _ most: Duration?) {
      guard let start, let most else { return }
      let took = end.duration(since: max(start, answeredAt))
      if took > most + Self.slack {
        journal.fault("\(request.id): its \(name) took \(took) of at most \(most)")
      }
    }
    check("answer", from: times.begun, to: network.time, request.totalMax)
    guard let head = times.head else { return }
    check("head", from: times.sent, to: head, request.headMax)
    check("head", from: times.begun, to: head, request.deadline)
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
    } else if answer["proxy-status"] == nil, answer["x-endpoint"] == nil {
      journal.fault("\(request.id): \(answer) without a proxy-status")
    } else {
      journal.failed(
        request.id,
        "\(answer.startLine) \(answer["proxy-status"] ?? "") "
          + String(decoding: answer.body, as: UTF8.self))
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
    // Cut before it was whole; `takeAnswer` may have left.
    if !isOver, answered < sentCount {
      checkTimes(requests[answered])
      journal.cut(requests[answered].id, pending: sentCount - answered)
    }
    leave()
  }

  /// What it still waits for, after all is over: nothing may.
  var lost: String? {
    !isOver && answered < requests.count ? requests[answered].id : nil
  }
}
