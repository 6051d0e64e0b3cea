import Foundation
import Testing
import WeirTesting

/// Several workers under everything that happens to a proxy that runs for long, from seeds: nobody's request
/// is lost or executed twice, nobody waits while a place is free, what was taken is given back, descriptors
/// stay within their budget, and a drain ends.
struct FleetSimulationTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let seedCount =
    environment["WEIR_SIMULATION_SEEDS"].flatMap(UInt64.init) ?? 24
  private static let onlySeed = environment["WEIR_SIMULATION_SEED"].flatMap(UInt64.init)
  private static let first: UInt64 = 5_000_000

  private static var seeds: [UInt64] {
    if let onlySeed { return onlySeed >= first ? [onlySeed] : [] }
    return Array(first..<first + seedCount)
  }

  @Test(arguments: seeds) func nothingIsLost(seed: UInt64) throws {
    let run = try FleetRun(seed: seed)
    #expect(run.findings.isEmpty, "seed \(seed): \(run.findings)")
    #expect(run.journal.answeredCount > 20, "seed \(seed): \(run.journal.answeredCount)")
    #expect(run.reloads > 0 && run.changes > 5, "seed \(seed)")
  }

  /// The runs meet what they are there for.
  @Test func theyMeetTrouble() throws {
    let runs = try (Self.first..<Self.first + 6).map { try FleetRun(seed: $0) }
    #expect(runs.allSatisfy { $0.waits > 0 }, "\(runs.map(\.waits))")
    #expect(runs.contains { $0.floods > 0 })
    for name in [
      "weir_upstream_retries_total", "weir_downstream_connections_refused_total",
      "weir_downstream_connections_evicted_total", "weir_upstream_connections_closed_total",
    ] {
      #expect(runs.contains { $0.fleet.sum(name) > 0 }, "\(name)")
    }
  }

  @Test func repeatsARunFromItsSeed() throws {
    let first = try FleetRun(seed: Self.first).journal.lines
    #expect(try FleetRun(seed: Self.first).journal.lines == first)
    #expect(try FleetRun(seed: Self.first + 1).journal.lines != first)
  }
}
