import Primitives
import Testing

@testable import Telemetry

/// Series live as long as what their labels stand for.
struct SeriesLifeTests {
  private let registry = MetricRegistry()
  private let start = Instant(nanoseconds: 0)

  private func living(_ upstreams: String...) -> LivingLabels {
    LivingLabels(upstreams: Set(upstreams))
  }

  private func text(_ shard: MetricShard) -> String {
    Exposition.render(registry, shards: [shard.values], format: .text)
  }

  @Test func gaugesGoAtOnceAndCountersTenMinutesLater() {
    let counter = registry.family("weir_c_total", .counter, help: "C.", labels: ["upstream"])
    let gauge = registry.family("weir_g", .gauge, help: "G.", labels: ["upstream"])
    let shard = MetricShard()
    for name in ["a", "b", "none"] {
      _ = registry.series(counter, [name])
      _ = registry.series(gauge, [name])
    }
    shard.reserve(registry.slotCount)
    registry.keep(living("a"), at: start)
    #expect(!text(shard).contains("weir_g{upstream=\"b\"}"))
    #expect(text(shard).contains("weir_g{upstream=\"a\"}"))
    #expect(text(shard).contains("weir_g{upstream=\"none\"}"))
    registry.forgetExpired(at: start.advanced(by: .seconds(599)))
    #expect(text(shard).contains("weir_c_total{upstream=\"b\"}"))
    registry.forgetExpired(at: start.advanced(by: .seconds(600)))
    #expect(!text(shard).contains("weir_c_total{upstream=\"b\"}"))
    #expect(text(shard).contains("weir_c_total{upstream=\"a\"}"))
  }

  @Test func whoReturnsInTimeCountsOn() {
    let counter = registry.family("weir_c_total", .counter, help: "C.", labels: ["upstream"])
    let slot = registry.series(counter, ["b"])
    registry.keep(living(), at: start)
    registry.keep(living("b"), at: start.advanced(by: .seconds(300)))
    registry.forgetExpired(at: start.advanced(by: .seconds(900)))
    #expect(registry.series(counter, ["b"]) == slot)
  }

  /// A name that was looked up before its series went is looked up again.
  @Test func aRareCounterThatReturnsIsSeen() {
    let shard = MetricShard()
    let rare = RareCounters(registry, shard)
    rare.add("weir_r_total", help: "R.", ["upstream": "b"])
    registry.keep(living(), at: start)
    registry.forgetExpired(at: start.advanced(by: .seconds(600)))
    #expect(!text(shard).contains("weir_r_total{"))
    rare.add("weir_r_total", help: "R.", ["upstream": "b"])
    #expect(text(shard).contains("weir_r_total{upstream=\"b\"} 1\n"))
  }

  /// Thousands that come and go do not push those that stay into the overflow.
  @Test func whatIsGoneTakesNoPlaceOfTheLiving() {
    let family = registry.family(
      "weir_q_total", .counter, help: "Q.", labels: ["listener", "route", "upstream"])
    for round in 0..<30 {
      var living = LivingLabels(upstreams: ["u"])
      for number in 0..<1000 {
        let route = "\(round)-\(number)"
        living.add(listener: "l", route: route, upstream: "u")
        _ = registry.series(family, ["l", route, "u"])
      }
      let now = start.advanced(by: .seconds(600 * round))
      registry.keep(living, at: now)
      registry.forgetExpired(at: now)
    }
    #expect(registry.seriesCount <= 2000, "\(registry.seriesCount)")
    let shard = MetricShard()
    shard.reserve(registry.slotCount)
    #expect(!text(shard).contains("overflow"))
  }

  @Test func readingsAreShownAndNotKept() {
    var gauge = GaugeReading("weir_now", help: "Now.", labels: ["a"])
    for number in 0..<MetricRegistry.seriesMax + 3 { gauge.add(["\(number)"], 2) }
    let totals = CounterTotals(registry, shards: [], gauges: [gauge])
    let text = Exposition.render(totals, format: .text)
    #expect(text.contains("# TYPE weir_now gauge\nweir_now{a=\"0\"} 2\n"))
    #expect(text.contains("weir_now{a=\"overflow\"} 6\n"))
    #expect(registry.seriesCount == 0)
  }
}
