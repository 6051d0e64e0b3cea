import HTTP1
import HTTPModel
import Primitives
import Reactor

/// One connection to a `DemoService`: a request, a pause, the answer, and again.
package final class DemoConnection: ByteStream {
  private let pool: BufferPool
  private unowned let service: DemoService
  private var decoder = RequestDecoder(limits: HeadLimits())
  private let head = HTTP1RequestHead()
  private var body: BodyDecoder?
  private var method = ""
  private var path = ""

  init(loop: EventLoop, pool: BufferPool, service: DemoService) {
    self.pool = pool
    self.service = service
    super.init(loop: loop, isConnected: true)
  }

  package override func ready(_ readiness: Readiness) {
    note(readiness)
    read()
  }

  package override func resume() { read() }
  package override func deadlinePassed() { answer() }

  private func read() {
    guard !output.hasBlock, pool.lend(to: input) else { return }
    let input = input
    while true {
      do {
        if try isWhole(input) {
          guard pool.lend(to: output) else { return close() }
          return loop.arm(self, at: loop.now.advanced(by: service.delay))
        }
      } catch {
        return close()
      }
      input.compact()
      guard input.writableCount > 0 else { return close() }
      switch receive(into: input) {
      case .bytes: continue
      case .wouldBlock: return
      case .endOfStream, .failed: return close()
      }
    }
  }

  /// True: a request and its body, which is dropped, have been taken from the input.
  private func isWhole(_ input: Buffer) throws -> Bool {
    if body == nil {
      guard !input.isEmpty, try decoder.decode(input.readable, into: head) else { return false }
      method = "\(head.method.name)"
      let bytes = input.slice(head.path)
      path = String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
      input.consume(head.headBytes)
      body = BodyDecoder(framing: head.framing)
    }
    while let decoder = body, !decoder.isComplete {
      let step = try decoder.decode(input.readable)
      if step.isStuck { return false }
      input.consume(step.framing + step.payload)
    }
    body = nil
    return true
  }

  private func answer() {
    let out = output
    let answer = service.answer(method, path)
    let location = answer.location.map { "location: \($0)\r\n" } ?? ""
    out.append(
      text: "HTTP/1.1 \(answer.status)\r\ncontent-type: application/fhir+json\r\n\(location)"
        + "content-length: \(answer.body.utf8.count)\r\n\r\n")
    if method != "HEAD" { out.append(text: answer.body) }
    guard flush() == .drained else { return close() }
    pool.reclaim(from: output)
    loop.resumeLater(self)
  }

  /// Cuts it, as the end of the service's machine would.
  func reset() {
    guard isOpen else { return }
    kernel.resetOnClose(descriptor)
    close()
  }

  private func close() {
    guard isOpen else { return }
    giveBuffers(to: pool)
    loop.close(self)
    service.forget(self)
  }
}
