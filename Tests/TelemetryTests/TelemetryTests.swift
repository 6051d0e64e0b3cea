import Primitives
import Telemetry
import Testing

struct TelemetryTests {
  @Test func rendersBothFormats() {
    let registry = MetricRegistry()
    let counter = registry.series(
      registry.family("weir_x_total", .counter, help: "X.", labels: ["a"]), ["q\"\\\n"])
    let histogram = registry.series(
      registry.family("weir_y_seconds", .histogram([1_000_000, 1_000_000_000]), help: "Y."))
    let shard = MetricShard()
    shard.reserve(registry.slotCount)
    shard.add(counter, 3)
    shard.observe(histogram, 500_000, bounds: [1_000_000, 1_000_000_000])
    shard.observe(histogram, 2_000_000_000, bounds: [1_000_000, 1_000_000_000])
    let text = Exposition.render(registry, shards: [shard.values, shard.values], format: .text)
    #expect(text.contains("weir_x_total{a=\"q\\\"\\\\\\n\"} 6\n"))
    #expect(text.contains("weir_y_seconds_bucket{le=\"0.001\"} 2\n"))
    #expect(text.contains("weir_y_seconds_bucket{le=\"+Inf\"} 4\n"))
    #expect(text.contains("weir_y_seconds_sum 4.001\n"))
    let open = Exposition.render(registry, shards: [shard.values], format: .openMetrics)
    #expect(open.contains("# TYPE weir_x counter\n"))
    #expect(open.hasSuffix("# EOF\n"))
  }

  @Test func capsSeries() {
    let registry = MetricRegistry()
    let family = registry.family("weir_z_total", .counter, help: "Z.", labels: ["a"])
    let slots = (0..<MetricRegistry.seriesMax + 5).map { registry.series(family, ["\($0)"]) }
    #expect(Set(slots).count == MetricRegistry.seriesMax + 1)
  }

  @Test(arguments: [
    ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
    ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
    ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
    ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
    ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true),
    ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false),
  ])
  func judgesTraceparents(text: String, isValid: Bool) {
    let context = TraceContext(traceparent: Array(text.utf8).span)
    #expect((context != nil) == isValid)
  }

  @Test func readsB3() {
    let text = "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0"
    let context = TraceContext(b3: Array(text.utf8).span)
    #expect(context?.traceHigh == 0x80f1_98ee_5634_3ba8)
    #expect(context?.isSampled == false)
    let lone = TraceContext(b3: Array("0".utf8).span)
    #expect(lone == nil)
  }
}
