import Foundation
import Primitives
import Testing
import WeirTesting

/// An endpoint that does with its n-th request what the n-th of its answers says, and with later
/// ones what the last says. Whole requests, over all of its connections.
final class AnsweringService: Sendable {
  enum Answer: Sendable {
    /// A status, fields with their line ends, and the service's name as the body.
    case status(Int, fields: String = "")
    /// After so many microseconds.
    case late(UInt32)
    /// When the gate is signalled, once a request.
    case held(DispatchSemaphore)
    /// Never: until the connection ends, which `waitsForLeaver` tells.
    case nothing
    /// The connection ends, without or with a reset.
    case close
    case reset
    /// The latter after so many microseconds, or when the gate is signalled.
    case lateReset(UInt32)
    case heldReset(DispatchSemaphore)
  }

  let port: UInt16
  private let endpoint: ScriptedEndpoint
  private let state: State

  private final class State: Sendable {
    let requests = Lock<[PlainMessage]>([])
    let answer = Lock<Answer?>(nil)
    let left = DispatchSemaphore(value: 0)
  }

  init(_ name: String = "a", _ answers: Answer...) throws {
    let state = State()
    self.state = state
    endpoint = try ScriptedEndpoint { connection, _ in
      while let request = try Self.request(connection) {
        let number = state.requests.withLock { requests in
          requests.append(request)
          return requests.count
        }
        let scripted = answers.isEmpty ? .status(200) : answers[min(number, answers.count) - 1]
        let answer = state.answer.withLock { $0 } ?? scripted
        guard try Self.give(answer, name, connection, state) else { return }
      }
    }
    port = endpoint.port
  }

  /// False: the connection is over.
  private static func give(
    _ answer: Answer, _ name: String, _ connection: BlockingSocket, _ state: State
  ) throws -> Bool {
    switch answer {
    case .status(let status, let fields):
      try connection.send(
        "HTTP/1.1 \(status) Said\r\n\(fields)Content-Length: \(name.utf8.count)\r\n\r\n\(name)")
      return true
    case .late(let microseconds):
      Pace.wait(.microseconds(microseconds))
      return try give(.status(200), name, connection, state)
    case .held(let gate):
      _ = gate.comes()
      return try give(.status(200), name, connection, state)
    case .nothing:
      _ = try? connection.receiveAll()
      state.left.signal()
    case .close: connection.close()
    case .lateReset(let microseconds):
      Pace.wait(.microseconds(microseconds))
      reset(connection)
    case .heldReset(let gate):
      _ = gate.comes()
      reset(connection)
    case .reset: reset(connection)
    }
    return false
  }

  private static func reset(_ connection: BlockingSocket) {
    connection.resetOnClose()
    connection.close()
  }

  private static func request(_ connection: BlockingSocket) throws -> PlainMessage? {
    var bytes: [UInt8] = []
    while true {
      let more = try connection.receive()
      guard !more.isEmpty else { return nil }
      bytes += more
      if let message = PlainMessage.read(bytes) { return message }
    }
  }

  /// In the order in which they came.
  var requests: [PlainMessage] { state.requests.withLock { $0 } }

  /// From now on, whatever the script says.
  func answer(_ answer: Answer) { state.answer.withLock { $0 = answer } }

  /// True: somebody who got no answer has left.
  func waitsForLeaver() -> Bool { state.left.comes() }
}

extension RunningProxy {
  /// A proxy with one route to `services`, with these policies.
  convenience init(
    _ services: [AnsweringService], route: String, upstream: String = "", top: String = ""
  ) throws {
    try self.init(
      endpoints: services.map(\.port),
      routes: "[{ match: { prefix: / }, upstream: service, \(route) }]", upstream: upstream,
      top: top)
  }

  /// Attempts that were not made again.
  func refusedRetries(_ refusal: String) throws -> Double {
    try metric(
      "weir_upstream_retries_refused_total{upstream=\"service\",refusal=\"\(refusal)\"}")
  }

  func retries(_ reason: String, _ result: String = "success") throws -> Double {
    try metric(
      "weir_upstream_retries_total{upstream=\"service\",reason=\"\(reason)\",result=\"\(result)\"}")
  }

  func hedges(_ result: String) throws -> Double {
    try metric("weir_hedges_total{upstream=\"service\",result=\"\(result)\"}")
  }

  /// The answer to a POST with `body`, whose connection is then closed.
  func post(_ body: String = "{}", headers: String = "") throws -> String {
    try exchange(
      "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\(headers)"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  /// Waits until no place of the limits is taken any more, nor a connection lent.
  func expectAllGivenBack(_ location: SourceLocation = #_sourceLocation) throws {
    try expectNothingHeld(location)
    let isBack = try eventually {
      let text = try admin("/upstreams?format=json").filter { $0 != " " && $0 != "\n" }
      return ["requests", "pending"].allSatisfy { text.contains("\"\($0)\":{\"used\":0,") }
    }
    let report = try admin("/upstreams?format=json")
    #expect(isBack, "\(report)", sourceLocation: location)
  }
}
