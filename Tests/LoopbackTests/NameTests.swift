import ControlPlane
import Discovery
import Foundation
import Primitives
import Testing
import WeirTesting

/// Endpoints by name, and a name server that answers, fails or hangs as the test says.
@Suite(.serialized)
struct NameTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func yaml(_ name: String, _ port: UInt16) -> String {
    """
    workers: 1
    admin: { address: 127.0.0.1:0 }
    drain: { delay: 0s, timeout: 5s }
    listeners:
      - { name: ingress, address: "127.0.0.1:0", routes: [{ match: { prefix: / }, upstream: service }] }
    upstreams:
      service: { endpoints: ["\(name):\(port)"], resolve_interval: 1s }
    """
  }

  @Test func aNameServerThatHangsHoldsNothingUp() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let calls = Lock(0)
    let hang = DispatchSemaphore(value: 0)
    let hangs = DispatchSemaphore(value: 0)
    let proxy = try RunningProxy(
      yaml("service.test", endpoint.port),
      lookups: NameLookups { _, port in
        let isFirst = calls.withLock { count in
          count += 1
          return count == 1
        }
        if !isFirst {
          hangs.signal()
          hang.wait()
        }
        return [.ip(.loopback4, port: port)]
      })
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(hangs.comes())
    // It hangs now, and stays so until the end.
    #expect(try proxy.admin("/livez").hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.admin("/readyz").hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
    #expect(calls.withLock { $0 } == 2)
    hang.signal()
  }

  /// At the start too; the answer is taken when it comes.
  @Test func startsWithoutAnAnswer() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let hang = DispatchSemaphore(value: 0)
    let proxy = try RunningProxy(
      yaml("service.test", endpoint.port),
      lookups: NameLookups { _, port in
        hang.wait()
        hang.signal()
        return [.ip(.loopback4, port: port)]
      })
    let answer = try proxy.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 502 ") && answer.contains("name_unresolved"))
    hang.signal()
    #expect(try proxy.eventually { try proxy.get("/").hasPrefix("HTTP/1.1 200 ") })
    #expect(proxy.stop())
  }

  /// No request between the old file and the new finds a name that is not known yet.
  @Test func aReloadWaitsForItsNewNames() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let hangs = DispatchSemaphore(value: 0)
    let hang = DispatchSemaphore(value: 0)
    let proxy = try RunningProxy(
      yaml("old.test", endpoint.port),
      lookups: NameLookups { host, port in
        if host == "new.test" {
          hangs.signal()
          hang.wait()
          hang.signal()
        }
        return [.ip(.loopback4, port: port)]
      })
    try proxy.rewrite(yaml("new.test", endpoint.port))
    proxy.plane.reload()
    #expect(hangs.comes())
    for _ in 0..<5 { #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 ")) }
    hang.signal()
    var failed = 0
    let isDone = try proxy.eventually {
      if try !proxy.get("/").hasPrefix("HTTP/1.1 200 ") { failed += 1 }
      return try proxy.metric("weir_config_reloads_total") >= 1
    }
    #expect(isDone && failed == 0)
    #expect(try proxy.admin("/config").contains("new.test"))
    #expect(proxy.stop())
  }

  @Test func sumsWeightsAndKeepsTheLastGood() {
    var resolution = EndpointResolution()
    let most = Int(UInt32.max)
    let entries = [("127.0.0.1:1", most), ("127.0.0.1:1", most), ("a.test:1", 2)].map {
      (address: $0.0, weight: $0.1)
    }
    #expect(resolution.answer(entries).failedNames == ["a.test:1"])
    resolution.note("a.test:1", [.ip(.loopback4, port: 2)])
    resolution.note("a.test:1", nil)
    let answer = resolution.answer(entries)
    #expect(answer.failedNames == ["a.test:1"])
    #expect(answer.endpoints.map(\.weight) == [.max, 2])
  }
}
