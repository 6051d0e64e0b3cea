import Discovery
import Primitives
import ProxyConfiguration
import Telemetry
import Testing

@testable import ControlPlane

/// Routes, upstreams and endpoints that a reload takes away take their machines with them: a proxy
/// whose configuration changes for years must not remember all that it ever served.
struct GoneTests {
  private let builder = SnapshotBuilder(registry: MetricRegistry())

  private func serve(routes: [String], upstreams: [String: [Int]]) throws {
    let routes = routes.map { "{ match: { path: /\($0) }, retry: { attempts: 2 }, upstream: a }" }
    let upstreams = upstreams.map { name, ports in
      "\(name): { endpoints: [\(ports.map { "'127.0.0.1:\($0)'" }.joined(separator: ", "))] }"
    }
    let configuration = try ConfigurationViewTests.read(
      """
      listeners: [{ name: in, address: '127.0.0.1:0', routes: [\(routes.joined(separator: ", "))] }]
      upstreams: { \(upstreams.joined(separator: ", ")) }
      """, "gone.yaml")
    var answers: [String: EndpointResolution.Answer] = [:]
    for upstream in configuration.upstreams {
      answers[upstream.name] = EndpointResolution().answer(
        upstream.endpoints.map { ($0.address, $0.weight) })
    }
    _ = try builder.build(
      configuration, answers: answers, shards: [MetricShard()], now: Instant(nanoseconds: 0))
  }

  @Test func whatIsGoneIsForgotten() throws {
    try serve(routes: ["x", "y", "z"], upstreams: ["a": [1, 2], "b": [3]])
    #expect(builder.routeMachines.count == 3)
    #expect(builder.state(of: "b") != nil)
    #expect(builder.endpoint("127.0.0.1:2", of: "a") != nil)
    try serve(routes: ["y"], upstreams: ["a": [1]])
    #expect(builder.routeMachines.count == 1)
    #expect(builder.state(of: "b") == nil)
    #expect(builder.endpoint("127.0.0.1:2", of: "a") == nil)
    #expect(builder.endpoint("127.0.0.1:1", of: "a") != nil)
  }
}
