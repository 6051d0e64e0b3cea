import Primitives
import Reactor

/// The application behind the endpoints of a test: keeps one journal for all of them and outlives
/// each, so that a request is known to have been acted upon although its endpoint was killed, or the
/// answer lost. Writes it down when the whole request has come, before it answers.
///
/// On a Unix-domain socket, which endpoints in other network namespaces reach too. A thread a
/// connection; ends when nobody has connected within the tests' patience.
public final class JournaledOrigin: Sendable {
  public let path: String
  public let journal = RequestJournal()

  /// `answersAfter`: how long it works on each request; `bodyBytes`: of each answer.
  public init(
    path: String, answersAfter serviceTime: Duration = .zero, bodyBytes: Int = 32
  ) throws {
    self.path = path
    let listener = try BlockingSocket.listen(path: path)
    let journal = journal
    let answer =
      "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(bodyBytes)\r\n\r\n"
      + String(repeating: "a", count: bodyBytes)
    _ = LoopThread(name: "origin") {
      while let connection = try? listener.accept() {
        _ = LoopThread(name: "origin-work") {
          guard let entry = try? Self.entry(connection) else { return }
          journal.record(entry)
          Pace.wait(serviceTime)
          try? connection.send(answer)
        }
      }
    }
  }

  /// nil: the connection ended before the request did.
  private static func entry(_ connection: BlockingSocket) throws -> RequestJournal.Entry? {
    var bytes: [UInt8] = []
    while true {
      let more = try connection.receive()
      guard !more.isEmpty else { return nil }
      bytes += more
      guard let request = PlainMessage.read(bytes) else { continue }
      let method = request.startLine.prefix { $0 != " " }
      return RequestJournal.Entry(
        id: request["x-load-id"] ?? "", method: String(method),
        endpoint: request["x-endpoint"] ?? "")
    }
  }
}
