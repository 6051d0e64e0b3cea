import ArgumentParser
import ControlPlane
import Primitives
import Reactor

/// `weir explain`: what became of one request, asked of the proxy that served it.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells what became of a request that failed, was tried again or was slow.",
    discussion: "Asks the running proxy. Without an id: the latest such requests.")

  @Argument(help: "The request's id, as in its X-Request-ID and in the access log.")
  var requestID: String?

  @Option(help: "The proxy's admin address.")
  var admin: String = "127.0.0.1:9901"

  func validate() throws {
    guard SocketAddress(admin) != nil else {
      throw ValidationError("--admin must be an address such as 127.0.0.1:9901 or unix:/run/weir")
    }
  }

  func run() throws {
    guard let address = SocketAddress(admin) else { return }
    let answer: AdminClient.Answer
    do throws(AdminClient.Unreachable) {
      answer = try AdminClient.explain(requestID, at: address)
    } catch {
      ThisProcess.say("weir: \(admin) does not answer: \(error)")
      throw ExitCode.unavailable
    }
    guard answer.status == 200 else {
      ThisProcess.say(answer.body.split(separator: "\n").joined(separator: "\n"))
      throw ExitCode(1)
    }
    print(answer.body, terminator: "")
  }
}
