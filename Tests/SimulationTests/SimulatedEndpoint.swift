import Primitives
import WeirTesting

/// An endpoint's connection: reads requests, answers each in one of the shapes HTTP/1.1 has, and
/// fails in one of the ways servers do.
final class SimulatedEndpoint: SimulatedPeer {
  private let journal: Journal
  private let network: SimulatedNetwork
  private let temper: EndpointTemper
  private let name: String
  private var inbox: [UInt8] = []
  private var isHeadSeen = false
  private var isBusy = false
  private var isOver = false

  init(
    _ journal: Journal, _ network: SimulatedNetwork, _ temper: EndpointTemper, name: String = ""
  ) {
    self.journal = journal
    self.network = network
    self.temper = temper
    self.name = name
  }

  /// The body that belongs to a request and no other.
  static func answer(_ id: String, _ received: Int, _ bytes: Int) -> [UInt8] {
    Array("\(id) \(received) ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: bytes)
  }

  func connected(_ socket: SimulatedSocket) {}

  func received(_ socket: SimulatedSocket) {
    guard !isOver else { return }
    if temper.isFickle, network.random.chance(1, in: 100) {
      network.after(.seconds(1)) { [self] in read(socket) }
    } else {
      read(socket)
    }
  }

  private func read(_ socket: SimulatedSocket) {
    guard !isOver else { return }
    inbox += socket.take(network.random.chance(1, in: 3) ? 1000 : .max)
    if !isHeadSeen, let head = PlainMessage.head(inbox) {
      isHeadSeen = true
      let method = String(head.startLine.prefix { $0 != " " })
      journal.seen(head["x-id"] ?? "?", method: method, by: name)
      if fails(socket) { return }
    }
    guard !isBusy, let request = PlainMessage.read(inbox) else {
      // What was not taken is taken later.
      network.after(network.latency()) { [self] in if !socket.isEmpty { read(socket) } }
      return
    }
    isBusy = true
    inbox.removeFirst(request.count)
    isHeadSeen = false
    var delay = network.latency()
    if temper.mood == .slow { delay += .milliseconds(Int(network.random.below(4000))) }
    network.after(delay) { [self] in answer(request, socket) }
  }

  /// True: it has failed instead of answering.
  private func fails(_ socket: SimulatedSocket) -> Bool {
    switch temper.mood {
    case .fickle: return network.random.chance(1, in: 10) && fail(socket)
    case .hanging:
      isOver = true
      return true
    case .resetting where network.random.chance(1, in: 2):
      isOver = true
      network.after(network.latency()) { [self] in
        socket.reset(losing: network.random.chance(1, in: 2))
      }
      return true
    default: return false
    }
  }

  private func fail(_ socket: SimulatedSocket) -> Bool {
    isOver = true
    switch network.random.below(6) {
    case 0: socket.reset(losing: true)
    case 1: socket.close()
    case 2: socket.deliver(Array("HTTP/1.1 2OO ?\r\n\r\n".utf8))
    case 3:
      socket.deliver(Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxyz".utf8))
      network.after(network.latency()) { socket.close() }
    case 4:
      // Early: before the body is there.
      socket.deliver(Array("HTTP/1.1 413 Too Large\r\nproxy-status: endpoint\r\n".utf8))
      socket.deliver(Array("Connection: close\r\nContent-Length: 0\r\n\r\n".utf8))
      network.after(network.latency()) { socket.close() }
    default: break  // hangs
    }
    return true
  }

  private func answer(_ request: PlainMessage, _ socket: SimulatedSocket) {
    let body = Self.answer(
      request["x-id"] ?? "", request.body.count, Int(request["x-size"] ?? "") ?? 0)
    let hasBody = !request.startLine.hasPrefix("HEAD")
    if let refusal = refusal(of: request) {
      return send(refusal, from: 0, closes: false, on: socket)
    }
    if temper.mood == .odd, network.random.chance(1, in: 2) {
      return send(odd(body, hasBody), from: 0, closes: false, on: socket)
    }
    var bytes = Array("HTTP/1.1 200 OK\r\n".utf8)
    var closes = false
    switch network.random.below(5) {
    case 0 where hasBody:
      closes = true
      bytes += Array("\r\n".utf8) + body
    case 1 where hasBody:
      bytes += Array("Transfer-Encoding: chunked\r\n\r\n".utf8) + chunked(body)
    case 2:
      closes = true
      bytes += Array("Connection: close\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
      if hasBody { bytes += body }
    case 3:
      bytes = Array("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".utf8) + bytes
      fallthrough
    default:
      bytes += Array("Content-Length: \(body.count)\r\n\r\n".utf8)
      if hasBody { bytes += body }
    }
    send(bytes, from: 0, closes: closes, on: socket)
  }

  /// A status instead of the answer.
  private func refusal(of request: PlainMessage) -> [UInt8]? {
    let status: Int
    var fields = ""
    switch temper.mood {
    case .erring where network.random.chance(3, in: 4):
      status = [500, 502, 503, 504][Int(network.random.below(4))]
    case .limiting where network.random.chance(3, in: 4):
      status = network.random.chance(1, in: 2) ? 429 : 503
      fields = "Retry-After: \(network.random.below(3))\r\n"
      if network.random.chance(1, in: 4) { fields += "x-weir-retried: 2\r\n" }
    default: return nil
    }
    let body = request.startLine.hasPrefix("HEAD") ? "" : "refused"
    return Array(
      "HTTP/1.1 \(status) \r\nx-endpoint: 1\r\n\(fields)Content-Length: 7\r\n\r\n\(body)".utf8)
  }

  /// Fields that promise a body where there is none, many interim heads, and what is to be refused.
  private func odd(_ body: [UInt8], _ hasBody: Bool) -> [UInt8] {
    func head(_ text: String) -> [UInt8] { Array("HTTP/1.1 \(text)\r\n\r\n".utf8) }
    switch network.random.below(5) {
    case 0:
      let behind = network.random.chance(1, in: 2) ? "hello" : ""
      return head("204 X\r\nx-endpoint: 1\r\nContent-Length: 5") + Array(behind.utf8)
    case 1:
      return head("304 X\r\nx-endpoint: 1\r\nTransfer-Encoding: chunked\r\nContent-Length: 9")
    case 2:
      let hints = [[UInt8]](repeating: head("103 Hints\r\nLink: </a>"), count: 40).joined()
      return hints + head("200 OK\r\nContent-Length: \(body.count)") + (hasBody ? body : [])
    case 3:
      return head("200 OK\r\nContent-Length: \(body.count)\r\nTransfer-Encoding: identity")
        + (hasBody ? body : [])
    default: return [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]
    }
  }

  private func chunked(_ body: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var at = 0
    while at < body.count {
      let count = min(1 + Int(network.random.below(3000)), body.count - at)
      result += Array("\(String(count, radix: 16));e=1\r\n".utf8) + body[at..<at + count]
      result += [13, 10]
      at += count
    }
    return result + Array("0\r\nX-End: 1\r\n\r\n".utf8)
  }

  private func send(_ bytes: [UInt8], from start: Int, closes: Bool, on socket: SimulatedSocket) {
    guard !isOver else { return }
    if isBreakingOff {
      isOver = true
      return socket.reset(losing: network.random.chance(1, in: 2))
    }
    guard start < bytes.count else { return finish(closes, socket) }
    let most = network.random.chance(1, in: 4) ? 3 : 20_000
    let count = min(1 + Int(network.random.below(UInt32(most))), bytes.count - start)
    socket.deliver(Array(bytes[start..<start + count]))
    var pause = network.latency()
    if temper.mood == .slow { pause += .milliseconds(Int(network.random.below(1000))) }
    network.after(pause) { [self] in
      send(bytes, from: start + count, closes: closes, on: socket)
    }
  }

  private var isBreakingOff: Bool {
    switch temper.mood {
    case .fickle: network.random.chance(1, in: 60)
    case .resetting: network.random.chance(1, in: 4)
    default: false
    }
  }

  private func finish(_ closes: Bool, _ socket: SimulatedSocket) {
    isBusy = false
    // Servers close idle connections when they like, and what crosses that is lost.
    if closes || temper.isFickle && network.random.chance(1, in: 10) {
      isOver = true
      return socket.close()
    }
    if !inbox.isEmpty || !socket.isEmpty { return read(socket) }
    guard temper.mood == .restless else { return }
    network.after(.milliseconds(Int(network.random.below(300)))) { [self] in grow(restless: socket)
    }
  }

  private func grow(restless socket: SimulatedSocket) {
    guard !isOver, !isBusy, !isHeadSeen, inbox.isEmpty else { return }
    // Bytes that cross a request cannot be told from its answer; these do not.
    if socket.isQuiet, network.random.chance(1, in: 2) {
      socket.deliver(Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison".utf8))
    }
    isOver = true
    socket.close()
  }

  func ended(_ socket: SimulatedSocket, isReset: Bool) {
    isOver = true
    socket.close()
  }
}
