import ArgumentParser
import ControlPlane
import Primitives
import Reactor

/// Which proxy a command asks.
struct AdminOption: ParsableArguments {
  @Option(
    help:
      "The proxy's admin address: 127.0.0.1:9901, localhost:9901, unix:/run/weir.sock or a URL. Left out: what WEIR_ADMIN says, else 127.0.0.1:9901."
  )
  var admin: String?

  /// As it was given, for messages.
  var text: String { admin ?? ThisProcess.environment("WEIR_ADMIN") ?? AdminAddress.usual }

  func address() throws -> SocketAddress {
    do throws(AdminAddress.Fault) {
      return try AdminAddress.resolve(text)
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
