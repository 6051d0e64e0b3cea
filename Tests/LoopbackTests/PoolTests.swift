import Foundation
import Testing
import WeirTesting

/// Kept connections to endpoints: who may use them, and what ends them.
@Suite(.serialized)
struct PoolTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func expectOK(_ proxy: RunningProxy, _ location: SourceLocation = #_sourceLocation) throws
  {
    let answer = try proxy.get("/")
    #expect(
      answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("\r\n\r\nok"), "\(answer)",
      sourceLocation: location)
  }

  /// What an endpoint sends beyond its answer, at once or later, is nobody's answer.
  @Test(arguments: [true, false]) func closesAConnectionWithUnsolicitedBytes(atOnce: Bool) throws {
    let answered = DispatchSemaphore(value: 0)
    let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
    let endpoint = try ScriptedEndpoint { connection, number in
      while try !connection.receiveMessage().isEmpty {
        try connection.send(number == 0 && atOnce ? Self.ok + poison : Self.ok)
        guard number == 0, !atOnce else { continue }
        _ = answered.comes()
        try connection.send(poison)
      }
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    try expectOK(proxy)
    answered.signal()
    #expect(try proxy.eventually { try proxy.closed(by: "unsolicited") == 1 })
    try expectOK(proxy)
    #expect(try proxy.opened() == 2)
    #expect(proxy.stop())
  }

  @Test func closesIdleConnectionsAfterTheirTime() throws {
    let over = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      while try !connection.receiveMessage().isEmpty { try connection.send(Self.ok) }
      over.signal()
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "timeouts: { pool_idle: 100ms }")
    try expectOK(proxy)
    #expect(over.comes())
    #expect(try proxy.closed(by: "idle") == 1)
    try expectOK(proxy)
    #expect(try proxy.opened() == 2)
    #expect(proxy.stop())
  }

  /// `Keep-Alive: timeout=1` says that the endpoint closes after a second: Weir is before it.
  @Test func goesByTheEndpointsOwnKeepAlive() throws {
    let over = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      while try !connection.receiveMessage().isEmpty {
        try connection.send(
          "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=9\r\nContent-Length: 2\r\n\r\nok")
      }
      over.signal()
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "timeouts: { pool_idle: 1h }")
    try expectOK(proxy)
    #expect(over.comes())
    #expect(try proxy.closed(by: "idle") == 1)
    #expect(proxy.stop())
  }

  /// An endpoint that closes idle connections without saying so is learned from.
  @Test func learnsTheEndpointsKeepAlive() throws {
    let over = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, number in
      _ = try connection.receiveMessage()
      try connection.send(Self.ok)
      if number == 0 {
        // Its own idle timeout, longer than what would be taken for a restart.
        Pace.wait(.milliseconds(100))
      } else {
        while try !connection.receive().isEmpty {}
        over.signal()
      }
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "timeouts: { pool_idle: 1h }")
    try expectOK(proxy)
    #expect(try proxy.eventually { try proxy.closed(by: "peer") == 1 })
    try expectOK(proxy)
    #expect(over.comes())
    #expect(try proxy.closed(by: "idle") == 1)
    #expect(proxy.stop())
  }

  @Test func keepsNoConnectionBeyondItsAge() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "timeouts: { pool_age: 1s, pool_idle: 1h }")
    // Busy all the time: only its age ends it.
    #expect(
      try proxy.eventually {
        try expectOK(proxy)
        return try proxy.closed(by: "age") >= 1
      })
    #expect(try proxy.closed(by: "idle") == 0)
    #expect(proxy.stop())
  }

  @Test func keepsNoMoreThanItMay() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "limits: { idle_connections: 0 }")
    try expectOK(proxy)
    try expectOK(proxy)
    #expect(try proxy.closed(by: "surplus") == 2)
    #expect(try proxy.opened() == 2)
    #expect(proxy.stop())
  }

  @Test func keepsNoConnectionThatSaysClose() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    try expectOK(proxy)
    try expectOK(proxy)
    #expect(try proxy.closed(by: "not_persistent") == 2)
    #expect(proxy.stop())
  }
}
