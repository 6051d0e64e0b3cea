import ProxyConfiguration
import Testing

@testable import Simulation

/// The picture as a person reads it: everything inside the canvas, each colour with one meaning, faults
/// behind every panel; and what the report says in a sentence.
struct PictureTests {
  private struct Box {
    var x: Double
    var y: Double
    var width: Double
    var height: Double
    var fill: String
  }

  /// Four sets of policies with long names.
  private static func report() throws -> SimulationReport {
    let scenario = try ScenarioFile.scenario("retry-storm")
    let labels = (0..<4).map { "a-long-name-of-a-file-with-policies-\($0)" }
    return SimulationReport(
      labels.map { SimulationRun(scenario, label: $0, seed: 1, until: .seconds(60)) })
  }

  private func number(_ name: String, _ text: Substring) -> Double {
    text.firstMatch(of: try! Regex("\(name)=\"([-0-9.]+)\"")).flatMap {
      Double($0.output[1].substring ?? "")
    } ?? 0
  }

  @Test func everythingIsInsideTheCanvas() throws {
    let svg = try Self.report().svg
    let canvas = try #require(svg.firstMatch(of: /viewBox="0 0 ([0-9.]+) ([0-9.]+)"/))
    let (width, height) = (Double(canvas.1) ?? 0, Double(canvas.2) ?? 0)
    var last: [Double: [(begin: Double, end: Double)]] = [:]
    for match in svg.matches(of: /<text ([^>]*)>([^<]*)<\/text>/) {
      let (x, y) = (number("x", match.1), number("y", match.1))
      let size = number("font-size", match.1)
      let wide = SimulationPicture.width(String(match.2), size: size)
      let anchor = match.1.firstMatch(of: /text-anchor="(\w+)"/).map { String($0.1) } ?? "start"
      let begin = anchor == "end" ? x - wide : anchor == "middle" ? x - wide / 2 : x
      #expect(begin >= 0 && begin + wide <= width && y >= size && y <= height, "\(match.2)")
      // No two texts of a row lie over each other.
      for other in last[y] ?? [] {
        #expect(begin + wide <= other.begin || begin >= other.end, "\(match.2)")
      }
      last[y, default: []].append((begin, begin + wide))
    }
    for match in svg.matches(of: /<rect x=([^>]*)>/) {
      let text = "x=" + match.1
      let right = number("x", text[...]) + number(" width", text[...])
      let bottom = number("y", text[...]) + number(" height", text[...])
      #expect(right <= width + 0.1 && bottom <= height + 0.1, "\(match.1)")
    }
  }

  /// Red refuses, amber is a fault, grey was offered; each run has a colour that is none of these.
  @Test func oneColourHasOneMeaning() {
    let all =
      SimulationPicture.colours + [SimulationPicture.grey, SimulationPicture.fault]
      + Band.Colour.allCases.map(\.rawValue)
    let parts = all.map { colour in
      stride(from: 1, to: 7, by: 2).map { place -> Int in
        let begin = colour.index(colour.startIndex, offsetBy: place)
        return Int(colour[begin..<colour.index(begin, offsetBy: 2)], radix: 16) ?? 0
      }
    }
    for one in parts.indices {
      for two in parts.indices where two > one {
        let distance = zip(parts[one], parts[two]).reduce(0) { $0 + abs($1.0 - $1.1) }
        #expect(distance > 80, "\(all[one]) and \(all[two])")
      }
    }
    // What is good is not red.
    for run in parts.prefix(SimulationPicture.colours.count) {
      #expect(run[0] < 0xC0 || run[0] < run[2] + 0x40)
    }
  }

  @Test func theFaultLiesBehindEveryPanel() throws {
    let svg = try Self.report().svg
    let shade = try #require(
      svg.firstMatch(of: /<rect ([^>]*)fill="#e09a10" fill-opacity="0.13"\/>/))
    let top = number("y", shade.1)
    let bottom = top + number(" height", shade.1)
    let titles = svg.matches(of: /<text ([^>]*)font-weight="bold">/).dropFirst().map {
      number("y", $0.1)
    }
    #expect(titles.count == 4 && titles.allSatisfy { $0 > top && $0 < bottom })
    // Behind: whatever else is drawn comes later.
    let first = try #require(svg.firstRange(of: "<text "))
    #expect(shade.range.upperBound <= first.lowerBound)
  }

  /// A fixed answer takes no time; it must not make a service look fast that answers nothing.
  @Test func fallbacksStandApartFromLatency() throws {
    let run = SimulationRun(
      try ScenarioFile.scenario("ai-validation-breaker"), seed: 1, until: .seconds(100))
    #expect(run.total.counts.degraded > 1000)
    let calm = run.total.samples.prefix(30).map(\.p50).filter { $0 > 0 }
    let least = try #require(calm.min())
    // While the validator is skipped, no answer counts that was made without it.
    let fast = run.total.samples.filter { $0.p50 > 0 && $0.p50 < least / 2 }
    #expect(fast.isEmpty)
    let report = SimulationReport([run])
    #expect(report.svg.contains("of them by fallbacks"))
    #expect(
      report.text.contains(/good \d+\.\d% of [\d,]+ requests, \d+\.\d% of them by fallbacks\n$/))
  }

  @Test func theClosingSentenceSaysWhatChanged() throws {
    let scenario = try ScenarioFile.scenario("retry-storm")
    let other = try ScenarioFile.policies("retry-storm-budget", of: scenario)
    let text = SimulationReport([
      SimulationRun(scenario, label: "retry-storm", seed: UInt64(scenario.seed)),
      SimulationRun(
        scenario, policies: other, label: "retry-storm-budget", seed: UInt64(scenario.seed)),
    ]).text
    #expect(text.contains("\nretry-storm: good 22.6% of 107,659 requests\n"), "\(text)")
    #expect(text.contains("retry-storm-budget: good +55.8 points, p99 "), "\(text)")
  }

  @Test func progressIsTold() throws {
    var told: [(Int64, Int64)] = []
    _ = SimulationRun(
      try ScenarioFile.scenario("simplest"), seed: 1, until: .seconds(2)
    ) { told.append(($0, $1)) }
    #expect(told.count > 1 && told.map(\.0) == Array(1...Int64(told.count)))
    #expect(told.allSatisfy { $0.1 == Int64(told.count) })
  }
}
