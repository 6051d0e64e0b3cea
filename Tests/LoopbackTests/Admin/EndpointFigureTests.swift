import Foundation
import Primitives
import Testing
import WeirTesting

/// What is said of each endpoint: at `/upstreams`, and in `/metrics` where it is asked for.
@Suite(.serialized)
struct EndpointFigureTests {
  private func endpoints(_ proxy: RunningProxy) throws -> [[String: Any]] {
    let answer = try proxy.admin("/upstreams")
    let data = Data(answer.components(separatedBy: "\r\n\r\n")[1].utf8)
    let all = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let service = try #require(all["service"] as? [String: Any])
    return try #require(service["endpoints"] as? [[String: Any]])
  }

  /// Without a detector, a breaker or a health check nobody judges it; it is not called available
  /// for that. It is as soon as it has answered again.
  @Test func aDeadEndpointIsNeverAvailable() throws {
    let service = try NamedService()
    let relay = try Relay(to: service.port, .refusing)
    let port = relay.port
    let proxy = try RunningProxy(endpoints: [port])
    #expect(try endpoints(proxy)[0]["state"] as? String == "available")
    try proxy.expectAnswered(try proxy.get("/"), as: .connectRefused)
    let dead = try endpoints(proxy)[0]
    #expect(dead["state"] as? String == "unreachable")
    #expect(dead["reason"] as? String == "connect_refused")
    #expect(dead["requests"] as? Int == 1 && dead["errors"] as? Int == 1)
    #expect(dead["p99_us"] == nil)
    let text = try proxy.admin("/upstreams?format=text")
    #expect(text.contains("unreachable: connect_refused"), "\(text)")
    let labels = "upstream=\"service\",state"
    #expect(try proxy.metric("weir_upstream_endpoints{\(labels)=\"available\"}") == 0)
    #expect(try proxy.metric("weir_upstream_endpoints{\(labels)=\"unreachable\"}") == 1)
    relay.behave(.passing)
    #expect(
      try proxy.eventually {
        _ = try proxy.get("/")
        return try endpoints(proxy)[0]["state"] as? String == "available"
      })
    #expect(try endpoints(proxy)[0]["last_error"] != nil)
    withExtendedLifetime((service, relay)) {}
    #expect(proxy.stop())
  }

  /// An error is what the upstream's machines take for one: an answer of 500, and a body that broke
  /// off behind a good head.
  @Test func errorsAreCountedByWhatTheyWere() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(endpoints: [service.port])
    for _ in 0..<3 { _ = try proxy.get("/") }
    service.answer(500)
    _ = try proxy.get("/")
    let figures = try endpoints(proxy)[0]
    #expect(figures["requests"] as? Int == 4 && figures["errors"] as? Int == 1)
    let last = try #require(figures["last_error"] as? [String: Any])
    #expect(last["reason"] as? String == "status 500" && last["ago_ms"] as? Int ?? -1 >= 0)
    #expect(figures["state"] as? String == "available")
    #expect(proxy.stop())

    let whole = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + String(repeating: "x", count: 60000)
    }
    let broken = try Relay(to: whole.port, .cutting(afterBytes: 1000, by: .close))
    let other = try RunningProxy(endpoints: [broken.port])
    // The client is cut off too.
    _ = try? other.get("/")
    #expect(
      try other.eventually {
        let last = try endpoints(other)[0]["last_error"] as? [String: Any]
        return last?["reason"] as? String == "response_incomplete"
      })
    #expect(try endpoints(other)[0]["requests"] as? Int == 1)
    withExtendedLifetime(whole) {}
    #expect(other.stop())
  }

  @Test func hasSeriesForSoManyEndpoints() throws {
    let services = try (0..<3).map { _ in try NamedService() }
    let proxy = try RunningProxy(
      endpoints: services.map(\.port), top: "telemetry: { metrics: { endpoints: 2 } }")
    for _ in 0..<30 { _ = try proxy.get("/") }
    func counted(_ endpoint: String) throws -> Double {
      try proxy.metric(
        "weir_endpoint_requests_total{upstream=\"service\",endpoint=\"\(endpoint)\"}")
    }
    let own = try services.prefix(2).map { try counted("127.0.0.1:\($0.port)") }
    let rest = try proxy.metric(
      "weir_endpoint_requests_total{upstream=\"overflow\",endpoint=\"overflow\"}")
    #expect(own.allSatisfy { $0 > 0 } && rest > 0)
    #expect(own.reduce(rest, +) == 30)
    let metrics = try proxy.admin("/metrics")
    #expect(metrics.contains("# TYPE weir_endpoint_requests_total counter"))
    #expect(!metrics.contains("\"127.0.0.1:\(services[2].port)\""))
    #expect(
      metrics.contains(
        /weir_endpoint_latency_seconds\{[^}]*quantile="0.99"\} 0\.\d*[1-9]/), "\(metrics)")
    let first = "upstream=\"service\",endpoint=\"127.0.0.1:\(services[0].port)\""
    #expect(try proxy.metric("weir_endpoint_state{\(first),state=\"available\"}") == 1)
    #expect(try proxy.metric("weir_endpoint_state{\(first),state=\"ejected\"}") == 0)
    // When it failed last, and by what.
    #expect(!metrics.contains("weir_endpoint_last_error"))
    services[0].answer(500)
    let isTold = try proxy.eventually {
      _ = try proxy.get("/")
      return try proxy.admin("/metrics").contains(
        #/weir_endpoint_last_error_timestamp_seconds\{[^}]*reason="status 500"\} 1[0-9]{9}\./#)
    }
    #expect(isTold)
    // Off is off.
    let quiet = try RunningProxy(endpoints: services.map(\.port))
    _ = try quiet.get("/")
    #expect(try !quiet.admin("/metrics").contains("weir_endpoint_"))
    #expect(quiet.stop() && proxy.stop())
  }
}
