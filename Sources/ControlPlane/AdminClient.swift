import Primitives
import Reactor

/// Asks a running proxy's admin listener one question, for the commands that show what it says.
///
/// ```
/// connecting ──(writable)── sending ── receiving ──(end)── answered
///      └──────────(error, deadline)──────────┘── failed
/// ```
///
/// Confinement: the thread that asks, on a loop of its own; `ask` returns when the answer is whole.
package final class AdminClient: ByteStream {
  package struct Unreachable: Error, CustomStringConvertible {
    package var description: String
  }

  /// An answer's status and body.
  package struct Answer: Sendable {
    package var status: Int
    package var body: String
  }

  /// A list of everything a large mesh has is not longer.
  private static let answerBytesMax = 64 << 20
  private static let timeout = Duration.seconds(10)
  private let pool = BufferPool(bytesMax: 2 * BufferPool.largeBytes)
  private var request: ArraySlice<UInt8>
  private var received: [UInt8] = []
  private var isConnected = false
  private var fault: String?

  private init(loop: EventLoop, request: String) {
    self.request = Array(request.utf8)[...]
    super.init(loop: loop, isConnected: false)
  }

  /// The answer to `GET target`.
  package static func ask(
    _ address: SocketAddress, _ target: String
  ) throws(Unreachable) -> Answer {
    let client: AdminClient
    do throws(Errno) {
      let loop = try EventLoop(kernel: LinuxKernel())
      client = AdminClient(
        loop: loop,
        request: "GET \(target) HTTP/1.1\r\nhost: weir\r\naccept: text/plain\r\n"
          + "connection: close\r\n\r\n")
      let descriptor = try loop.kernel.connect(to: address)
      try loop.add(client, on: descriptor)
      loop.arm(client, at: loop.now.advanced(by: timeout))
      loop.run()
    } catch {
      throw Unreachable(description: "\(error)")
    }
    if let fault = client.fault { throw Unreachable(description: fault) }
    guard let answer = client.answer else {
      throw Unreachable(description: "the answer is not an admin endpoint's")
    }
    return answer
  }

  package override func ready(_ readiness: Readiness) {
    note(readiness)
    if !isConnected {
      guard readiness.contains(.writable) || readiness.contains(.broken) else { return }
      if let error = loop.kernel.connectFailure(descriptor) { return end("\(error)") }
      isConnected = true
      guard pool.lend(to: input), pool.lend(to: output) else { return end("no memory") }
    }
    send()
    if fault == nil, isOpen { read() }
  }

  package override func deadlinePassed() { end("no answer within \(Self.timeout)") }

  private func send() {
    while !request.isEmpty || !output.isEmpty {
      if output.isEmpty {
        let part = request.prefix(output.capacity)
        output.append(Array(part))
        request = request.dropFirst(part.count)
      }
      switch flush() {
      case .drained: continue
      case .blocked: return
      case .failed: return end("the connection was closed")
      }
    }
  }

  private func read() {
    let input = input
    while received.count < Self.answerBytesMax {
      switch receive(into: input) {
      case .bytes:
        let bytes = input.readable
        for index in bytes.indices { received.append(bytes[index]) }
        input.removeAll()
      case .wouldBlock: return
      case .endOfStream: return end(nil)
      case .failed: return end("the connection was reset")
      }
    }
    end("the answer is too long")
  }

  private func end(_ fault: String?) {
    self.fault = fault
    giveBuffers(to: pool)
    loop.close(self)
    loop.stop()
  }

  private var answer: Answer? {
    let text = String(decoding: received, as: UTF8.self)
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    let words = text.split(separator: " ", maxSplits: 2)
    guard parts.count == 2, words.count > 1, words[0] == "HTTP/1.1", let status = Int(words[1])
    else { return nil }
    return Answer(status: status, body: String(parts[1]))
  }
}
