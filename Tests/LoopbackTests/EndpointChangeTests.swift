import ControlPlane
import Discovery
import Foundation
import Primitives
import Testing
import WeirTesting

/// Endpoints that change while requests pass, without a reload.
struct EndpointChangeTests {
  private func answering(_ name: String) throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)"
    }
  }

  private func endpoint(_ port: UInt16) -> EndpointResolution.Endpoint {
    EndpointResolution.Endpoint(address: .ip(.loopback4, port: port), weight: 1, entry: 0)
  }

  /// Requests go to who is listed from then on, on every balancing policy, and the routes stay: no reload
  /// is counted.
  @Test(arguments: ["round_robin", "least_request", "peak_ewma", "random", "ring_hash", "maglev"])
  func requestsFollow(policy: String) throws {
    let first = try answering("first")
    let second = try answering("second")
    let hash = policy == "ring_hash" || policy == "maglev" ? ", hash_on: { path: true }" : ""
    let proxy = try RunningProxy(
      endpoints: [first.port], upstream: "balancing: { policy: \(policy)\(hash) }")
    #expect(try proxy.get("/").hasSuffix("first"))
    proxy.plane.setEndpoints(of: "service", [endpoint(second.port)])
    #expect(try proxy.eventually { try proxy.get("/").hasSuffix("second") })
    let page = try proxy.admin("/upstreams")
    #expect(page.contains("127.0.0.1:\(second.port)") && !page.contains(":\(first.port)\""))
    // One that is gathered behind the last change arrives, too.
    proxy.plane.setEndpoints(of: "service", [endpoint(first.port), endpoint(second.port)])
    proxy.plane.setEndpoints(of: "service", [endpoint(first.port)])
    #expect(try proxy.eventually { try proxy.get("/").hasSuffix("first") })
    #expect(proxy.stop())
  }

  /// None is left: a request is told so, and the next list serves again.
  @Test func noneAtAllIsSaid() throws {
    let only = try answering("only")
    let proxy = try RunningProxy(endpoints: [only.port])
    proxy.plane.setEndpoints(of: "service", [])
    #expect(try proxy.eventually { try proxy.get("/").contains("no_endpoint") })
    proxy.plane.setEndpoints(of: "service", [endpoint(only.port)])
    proxy.plane.setEndpoints(of: "nobody", [endpoint(only.port)])
    #expect(try proxy.eventually { try proxy.get("/").hasSuffix("only") })
    #expect(proxy.stop())
  }
}
