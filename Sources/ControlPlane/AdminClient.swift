import HTTPClient
import HTTPModel
import Primitives
import Reactor

/// Asks a running proxy's admin listener one question, for the commands that show what it says.
///
/// Confinement: the thread that asks, on a loop of its own; `ask` returns when the answer is whole.
package enum AdminClient {
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

  /// The answer to `GET target`.
  package static func ask(
    _ address: SocketAddress, _ target: String
  ) throws(Unreachable) -> Answer {
    let loop: EventLoop
    do throws(Errno) {
      loop = try EventLoop(kernel: LinuxKernel())
    } catch {
      throw Unreachable(description: "\(error)")
    }
    let client = ClientConnection(
      loop: loop, pool: BufferPool(bytesMax: 2 * BufferPool.largeBytes), address: address)
    let call = ClientCall(
      .get, target, host: "weir", fields: [(name: "accept", value: "text/plain")],
      answerBody: .kept(bytesMax: answerBytesMax))
    var result: Result<ClientAnswer, ClientFault>?
    let fault = client.begin(call, until: loop.now.advanced(by: timeout)) { ended in
      result = ended
      loop.stop()
    }
    if let fault { throw Unreachable(description: "\(fault)") }
    loop.run()
    do throws(ClientFault) {
      guard let answer = try result?.get() else { throw .closed }
      return Answer(
        status: Int(answer.status), body: String(decoding: answer.body, as: UTF8.self))
    } catch {
      throw Unreachable(description: "\(error)")
    }
  }
}
