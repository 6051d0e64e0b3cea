import Foundation
import Primitives
import Testing
import WeirTesting

/// `hedge`: a second attempt beside a slow first one, at another endpoint.
@Suite(.serialized)
struct HedgeTests {
  private static let eager = "hedge: { minimum_delay: 20ms, percentile: 50%, budget: 100% }"
  private let first: AnsweringService
  private let second: AnsweringService
  /// Lets answers that are held go: who is slow is so by order and not by the clock.
  private let gate = DispatchSemaphore(value: 0)

  init() throws {
    first = try AnsweringService("first")
    second = try AnsweringService("second")
  }

  private func proxy(_ route: String = eager, ports: [UInt16]? = nil) throws -> RunningProxy {
    let proxy = try RunningProxy(
      endpoints: ports ?? [first.port, second.port],
      routes: "[{ match: { prefix: / }, upstream: service, \(route) }]")
    // After a hundred answers it is known what is slow.
    let request = "GET / HTTP/1.1\r\nHost: a\r\n"
    _ = try proxy.exchange(
      String(repeating: request + "\r\n", count: 110) + request + "Connection: close\r\n\r\n")
    // Then it is the first one's turn.
    #expect(try proxy.eventually { try proxy.ask().body == "second" })
    return proxy
  }

  /// The answer to a request whose first attempt is held until `isTime`, which is asked once the
  /// second endpoint has been asked too.
  private func askHeld(
    _ proxy: RunningProxy, until isTime: () throws -> Bool = { true }
  ) throws -> String {
    let before = second.requests.count
    let client = try proxy.hold("/")
    #expect(try proxy.eventually { try second.requests.count > before && isTime() })
    gate.signal()
    return try client.receiveAll()
  }

  @Test func theFirstToAnswerWinsAndTheOtherIsCut() throws {
    let proxy = try proxy()
    first.answer(.nothing)
    let before = first.requests.count
    #expect(try proxy.ask().body == "second")
    #expect(first.requests.count == before + 1)
    #expect(first.waitsForLeaver())
    #expect(try proxy.hedges("won") == 1)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  @Test func theHedgeIsCutWhenTheFirstAnswers() throws {
    let proxy = try proxy()
    first.answer(.held(gate))
    second.answer(.nothing)
    #expect(try askHeld(proxy).hasSuffix("\r\n\r\nfirst"))
    #expect(second.waitsForLeaver())
    #expect(try proxy.hedges("lost") == 1)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// What the hedge's endpoint does badly is not the first attempt's loss.
  @Test(arguments: [
    AnsweringService.Answer.close, .reset, .lateReset(20_000), .status(503), .status(429),
  ])
  func aHedgeThatFailsLeavesTheFirstAlone(failure: AnsweringService.Answer) throws {
    let proxy = try proxy()
    first.answer(.held(gate))
    second.answer(failure)
    let held = try askHeld(proxy) { try proxy.hedges("lost") == 1 }
    #expect(held.hasSuffix("\r\n\r\nfirst"), "\(held)")
    #expect(try proxy.hedges("lost") == 1)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  @Test func aHedgeThatCannotConnectLeavesTheFirstAlone() throws {
    let relay = try Relay(to: second.port)
    let proxy = try proxy(ports: [first.port, relay.port])
    first.answer(.held(gate))
    relay.behave(.refusing)
    relay.resetConnections()
    let client = try proxy.hold("/")
    let isOver = try proxy.eventually {
      try proxy.hedges("lost") + proxy.hedges("refused") == 1
    }
    #expect(isOver)
    gate.signal()
    #expect(try client.receiveAll().hasSuffix("\r\n\r\nfirst"))
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// Without a retry: the hedge is what is left.
  @Test func theHedgeGoesOnWhenTheFirstFails() throws {
    let proxy = try proxy()
    let slow = DispatchSemaphore(value: 0)
    first.answer(.heldReset(gate))
    second.answer(.held(slow))
    let before = second.requests.count
    let client = try proxy.hold("/")
    #expect(proxy.eventually { second.requests.count > before })
    gate.signal()
    #expect(try proxy.eventually { try proxy.hedges("won") == 1 })
    slow.signal()
    #expect(try client.receiveAll().hasSuffix("\r\n\r\nsecond"))
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  @Test(arguments: ["POST", "PATCH"]) func nothingIsHedgedThatMightActTwice(method: String) throws {
    let proxy = try proxy()
    // Far longer than what the hundred took.
    first.answer(.late(1_000_000))
    let before = second.requests.count
    let answer = try proxy.exchange(
      "\(method) / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    #expect(answer.hasSuffix("\r\n\r\nfirst"), "\(answer)")
    #expect(second.requests.count == before)
    #expect(proxy.stop())
  }

  /// One hedge may be out: the next slow request has none until the first one's is over.
  @Test func theBudgetBoundsWhatIsOut() throws {
    let proxy = try proxy("hedge: { minimum_delay: 20ms, percentile: 50%, budget: 0.01% }")
    first.answer(.nothing)
    second.answer(.nothing)
    let before = first.requests.count + second.requests.count
    let clients = [try proxy.hold("/")]
    #expect(
      proxy.eventually { first.requests.count + second.requests.count == before + 2 })
    let late = try proxy.hold("/")
    #expect(try proxy.eventually { try proxy.hedges("refused") == 1 })
    #expect(first.requests.count + second.requests.count == before + 3)
    for client in clients + [late] { client.close() }
    for _ in 0..<2 { #expect(first.waitsForLeaver() || second.waitsForLeaver()) }
    try proxy.expectAllGivenBack()
    // Its place is free again.
    second.answer(.status(200))
    let won = try proxy.eventually {
      _ = try proxy.ask()
      return try proxy.hedges("won") >= 1
    }
    #expect(won)
    #expect(proxy.stop())
  }

  /// A probe that a hedge could not make is one that failed: the endpoint is asked again.
  @Test func aHedgeThatCouldNotBeginDoesNotKeepTheBreakersProbe() throws {
    let path = NSTemporaryDirectory() + "weir-hedge-\(UUID().uuidString)"
    let proxy = try RunningProxy(
      addresses: ["127.0.0.1:\(first.port)", "unix:\(path)"],
      routes: """
        [{ match: { prefix: / }, upstream: service, \(Self.eager),
               retry: { on: [connect-failure], backoff: { base: 1ms, max: 1ms } } }]
        """,
      upstream: """
        endpoint_circuit_breaker:
              { consecutive_failures: 1, open_for: 10ms, open_for_max: 10ms, half_open_calls: 1, recovery: off }
        """)
    for _ in 0..<110 { #expect(try proxy.ask().body == "first") }
    // Its only endpoint for a hedge cannot be reached at all. Quick answers between the late ones keep
    // the percentile low, after which a hedge goes out.
    let isRefused = try proxy.eventually {
      first.answer(.late(500_000))
      _ = try proxy.ask()
      first.answer(.status(200))
      for _ in 0..<40 { _ = try proxy.ask() }
      return try proxy.hedges("refused") >= 2
    }
    #expect(isRefused)
    first.answer(.status(200))
    let origin = try JournaledOrigin(path: path)
    #expect(
      try proxy.eventually {
        _ = try proxy.ask()
        return !origin.journal.entries.isEmpty
      })
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
    try? FileManager.default.removeItem(atPath: path)
  }
}
