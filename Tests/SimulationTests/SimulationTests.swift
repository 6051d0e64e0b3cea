import Foundation
import Primitives
import Testing
import WeirTesting

/// The real data path on a simulated network, from seeds: bytes split anywhere, peers that stall,
/// break off, answer early or wrongly. A failure names its seed, which repeats it.
struct SimulationTests {
  /// `WEIR_SIMULATION_SEEDS`: how many, above what CI has time for. `WEIR_SIMULATION_SEED`: only
  /// this one, which a failure named.
  private static let environment = ProcessInfo.processInfo.environment
  private static let seedCount = environment["WEIR_SIMULATION_SEEDS"].flatMap(UInt64.init) ?? 200
  private static let onlySeed = environment["WEIR_SIMULATION_SEED"].flatMap(UInt64.init)
  /// From here on peers misbehave.
  private static let firstFaultySeed: UInt64 = 1_000_000
  private static let calmSeeds = seeds(in: 0..<firstFaultySeed, count: seedCount / 2)
  private static let faultySeeds = seeds(in: firstFaultySeed..<2_000_000, count: seedCount)

  private static func seeds(in range: Range<UInt64>, count: UInt64) -> [UInt64] {
    if let onlySeed { return range.contains(onlySeed) ? [onlySeed] : [] }
    return Array(range.lowerBound..<range.lowerBound + count)
  }

  private static let clients = 6
  private static let requestsPerClient = 5

  /// Runs one mesh; `isFaulty`: peers misbehave.
  private func run(seed: UInt64, isFaulty: Bool) throws -> (Journal, [String]) {
    let journal = Journal()
    let mesh = try SimulatedMesh(
      seed: seed, endpoints: 3, connectionsMax: seed % 3 == 0 ? 2 : 64, pendingMax: 64)
    let network = mesh.network
    let temper = EndpointTemper(isFaulty ? .fickle : .well)
    network.isFaulty = isFaulty
    network.answerConnect = { _ in
      if isFaulty, network.random.chance(1, in: 20) { return .refused }
      if isFaulty, network.random.chance(1, in: 50) { return .silent }
      return .peer(SimulatedEndpoint(journal, network, temper))
    }
    for client in 0..<Self.clients {
      let requests = (0..<Self.requestsPerClient).map { plan(client, $0, &network.random) }
      network.after(network.latency()) {
        network.connect(SimulatedClient(journal, network, requests, isFaulty: isFaulty))
      }
    }
    mesh.run(quiet: .seconds(600))
    return (journal, mesh.held)
  }

  private func plan(
    _ client: Int, _ number: Int, _ random: inout RandomSource
  ) -> SimulatedClient.Request {
    let methods = ["GET", "POST", "PUT", "HEAD", "POST"]
    let sizes: [UInt32] = [1, 100, 30_000, 100_000]
    let method = methods[Int(random.below(5))]
    let size = method == "GET" || method == "HEAD" ? 1 : sizes[Int(random.below(4))]
    return SimulatedClient.Request(
      id: "\(client)-\(number)", method: method,
      body: [UInt8](repeating: 0x62, count: Int(random.below(size))),
      answerBytes: Int(random.below(sizes[Int(random.below(4))])),
      isChunked: random.chance(1, in: 2))
  }

  /// Where nobody misbehaves every request is answered, whatever the splits and delays.
  @Test(arguments: calmSeeds) func answersEverything(seed: UInt64) throws {
    let (journal, held) = try run(seed: seed, isFaulty: false)
    #expect(journal.faults.isEmpty, "seed \(seed): \(journal.faults)")
    #expect(held.isEmpty, "seed \(seed): \(held)")
    #expect(journal.cutCount == 0 && journal.failedCount == 0, "seed \(seed): \(journal.lines)")
    #expect(journal.answeredCount == Self.clients * Self.requestsPerClient)
  }

  /// Where they do, nobody gets another's answer, nothing is sent twice, nothing stays held.
  @Test(arguments: faultySeeds) func survivesFaults(seed: UInt64) throws {
    let (journal, held) = try run(seed: seed, isFaulty: true)
    #expect(journal.faults.isEmpty, "seed \(seed): \(journal.faults)")
    #expect(held.isEmpty, "seed \(seed): \(held)")
    #expect(journal.answeredCount > 0, "seed \(seed)")
  }

  @Test func repeatsARunFromItsSeed() throws {
    for seed in 2000..<2005 as Range<UInt64> {
      let first = try run(seed: seed, isFaulty: true).0.lines
      #expect(try run(seed: seed, isFaulty: true).0.lines == first)
      #expect(try run(seed: seed + 100, isFaulty: true).0.lines != first)
    }
  }
}
