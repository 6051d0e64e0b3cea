import Reactor

/// An endpoint that does what a test says with each connection it is sent, one after the other.
public final class ScriptedEndpoint: Sendable {
  public let port: UInt16
  private let listener: BlockingSocket

  /// `script`: gets each connection with its number, from 0; runs on a thread of its own.
  public init(_ script: @escaping @Sendable (BlockingSocket, Int) throws -> Void) throws {
    let (listener, port) = try BlockingSocket.listen()
    self.listener = listener
    self.port = port
    _ = LoopThread(name: "endpoint") {
      var number = 0
      // Ends when nobody connects within the tests' patience.
      while let connection = try? listener.accept() {
        let index = number
        number += 1
        _ = LoopThread(name: "endpoint-\(index)") { try? script(connection, index) }
      }
    }
  }

  /// Answers every request on every connection with `response`.
  public static func answering(
    _ response: @escaping @Sendable (String) -> String
  ) throws -> ScriptedEndpoint {
    try ScriptedEndpoint { connection, _ in
      while true {
        let request = try connection.receiveMessage()
        if request.isEmpty { return }
        try connection.send(response(request))
      }
    }
  }
}
