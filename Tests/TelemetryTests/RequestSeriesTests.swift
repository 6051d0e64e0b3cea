import Primitives
import Telemetry
import Testing

struct RequestSeriesTests {
  /// An endpoint that answers every number there is makes no series for each.
  @Test func boundsCodesAndKeepsRegisteredOnesExact() {
    let registry = MetricRegistry()
    let shard = MetricShard()
    let series = RequestSeries(registry, shard, listener: "l", route: "r", upstream: "u")
    shard.reserve(registry.slotCount)
    for _ in 0..<2 {
      for status in UInt16(100)..<600 {
        series.record(status: status, failure: nil, nanoseconds: 1000)
      }
    }
    series.record(status: 503, failure: .noEndpoint, nanoseconds: 1000)
    let text = Exposition.render(registry, shards: [shard.values], format: .text)
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("weir_requests_total{") }
    #expect(lines.count < 90)
    let labels = "weir_requests_total{listener=\"l\",route=\"r\",upstream=\"u\""
    for code in ["200", "404", "418", "499", "503"] {
      #expect(text.contains("\(labels),code=\"\(code)\",reason=\"none\"} 2\n"))
    }
    #expect(text.contains("\(labels),code=\"503\",reason=\"no_endpoint\"} 1\n"))
    #expect(text.contains("\(labels),code=\"2xx\",reason=\"none\"} \(2 * 90)\n"))
    #expect(text.contains("weir_request_duration_seconds_count{"))
    #expect(!text.contains("weir_grpc_requests_total"))
  }

  /// Each status has its series at the first call, one more those that are none of gRPC's.
  @Test func countsCallsByTheirStatus() {
    let registry = MetricRegistry()
    let shard = MetricShard()
    let series = RequestSeries(registry, shard, listener: "l", route: "r", upstream: "u")
    shard.reserve(registry.slotCount)
    for status in GRPCStatus.allCases {
      for _ in 0...status.rawValue { series.recordGRPC(status) }
    }
    series.recordGRPC(nil)
    let text = Exposition.render(registry, shards: [shard.values], format: .text)
    let labels = "weir_grpc_requests_total{listener=\"l\",route=\"r\",upstream=\"u\",grpc_status="
    for status in GRPCStatus.allCases {
      #expect(text.contains("\(labels)\"\(status.name)\"} \(Int(status.rawValue) + 1)\n"))
    }
    #expect(text.contains("\(labels)\"OTHER\"} 1\n"))
  }

  @Test(
    arguments: [
      ("0", false), ("1", true), ("d", true), ("false", false), ("true", true), ("", nil),
      ("2", nil), ("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0", nil),
    ] as [(String, Bool?)])
  func readsALoneDecision(text: String, isSampled: Bool?) {
    #expect(TraceContext.decision(b3: Array(text.utf8).span) == isSampled)
  }
}
