import ControlPlane
import Primitives
import Testing
import Upstreams
import WeirTesting

/// What the health checker tells and keeps, while results and endpoints change.
struct HealthCheckChangeTests {
  private static let ok = "HTTP/1.1 200 OK\r\n\r\n"
  private static let ill = "HTTP/1.1 503 Service Unavailable\r\n\r\n"
  private static let policy = HealthCheckPolicy(interval: .seconds(1), jitter: .zero)

  @Test func tellsChangesByTheThresholds() throws {
    let statuses = [200, 503, 503, 200, 503, 503, 503, 503, 200, 503, 200, 200, 200]
    let mesh = try CheckedMesh(seed: 1) { _, number in
      .answers("HTTP/1.1 \(number < statuses.count ? statuses[number] : 200) \r\n\r\n")
    }
    mesh.check(Self.policy, [80])
    mesh.run { (mesh.startedAt[80]?.count ?? 0) > statuses.count + 2 }
    #expect(mesh.changes.map(\.change.isHealthy) == [false, true])
    // The third failure in a row is the seventh probe, the second success the twelfth.
    let times = try #require(mesh.startedAt[80])
    #expect(times[6] < mesh.changes[0].at && mesh.changes[0].at < times[7])
    #expect(times[11] < mesh.changes[1].at && mesh.changes[1].at < times[12])
    #expect(
      mesh.lines == [
        "warning endpoint is unhealthy endpoint=127.0.0.1:80 failures=3"
          + " reason=bad_status: 503 upstream=service",
        "info endpoint is healthy endpoint=127.0.0.1:80 upstream=service",
      ])
    #expect(mesh.counted("bad_status") == 7 && mesh.counted("success") >= 8)
  }

  @Test func whoStaysKeepsItsTime() throws {
    let mesh = try CheckedMesh(seed: 2) { _, _ in .answers(Self.ok) }
    mesh.check(Self.policy, [1, 2])
    mesh.run(for: .seconds(5))
    for round in 0..<40 {
      mesh.check(Self.policy, round % 2 == 0 ? [2, 1, 3, 3] : [1, 2])
      mesh.run(for: .milliseconds(100))
    }
    for port in [1, 2] as [UInt16] {
      let times = try #require(mesh.startedAt[port])
      #expect((9...10).contains(times.count))
      for (earlier, later) in zip(times, times.dropFirst()) {
        let gap = later.nanoseconds(since: earlier)
        #expect((1_000_000_000...1_110_000_000).contains(gap), "\(port): \(gap)")
      }
    }
  }

  /// In the middle of a probe: the connection goes at once, and nobody hears of it.
  @Test func whoIsRemovedWhileProbingIsForgotten() throws {
    let mesh = try CheckedMesh(seed: 3) { port, _ in port == 1 ? .hangs : .answers(Self.ok) }
    mesh.check(Self.policy, [1, 2])
    mesh.run { mesh.network.openSockets > 0 && mesh.startedAt[1] != nil }
    mesh.run(for: .milliseconds(500))
    #expect(mesh.checker.probeCount == 1 && mesh.network.openSockets == 1)
    mesh.check(Self.policy, [2])
    #expect(mesh.checker.probeCount == 0 && mesh.network.openSockets == 0)
    mesh.run(for: .seconds(10))
    #expect(mesh.changes.isEmpty && mesh.counted("timeout") == 0)
    #expect(mesh.startedAt[1]?.count == 1 && (mesh.startedAt[2]?.count ?? 0) >= 10)
  }

  @Test func whoIsRemovedWhileWaitingIsNotAsked() throws {
    let mesh = try CheckedMesh(seed: 6) { _, _ in nil }
    mesh.isSilent = { _ in true }
    mesh.check(Self.policy, 1...200)
    mesh.run(for: .milliseconds(100))
    #expect(mesh.checker.waitingCount > 100)
    let asked = Set(mesh.startedAt.keys)
    mesh.check(Self.policy, 1...100)
    mesh.run(for: .seconds(20))
    #expect(Set(mesh.startedAt.keys) == asked.union(1...100))
  }

  @Test func whoIsNoLongerCheckedIsTakenForHealthy() throws {
    let mesh = try CheckedMesh(seed: 4) { port, _ in port == 1 ? nil : .answers(Self.ok) }
    mesh.check(Self.policy, [1, 2])
    mesh.run { mesh.changes.count == 1 }
    mesh.checker.set([])
    let change = try #require(mesh.changes.last?.change)
    #expect(mesh.changes.count == 2 && change.endpoint == CheckedMesh.endpoint(1))
    #expect(change.isHealthy && change.cause == .unchecked)
    let count = mesh.startedAt.values.map(\.count).reduce(0, +)
    mesh.run(for: .seconds(5))
    #expect(mesh.startedAt.values.map(\.count).reduce(0, +) == count)
  }

  /// What was told holds until the first result that is asked for otherwise.
  @Test func anotherQuestionBeginsAnew() throws {
    let mesh = try CheckedMesh(seed: 5) { _, number in .answers(number < 3 ? Self.ill : Self.ok) }
    mesh.check(Self.policy, [80])
    mesh.run { mesh.startedAt[80]?.count == 3 }
    mesh.run(for: .milliseconds(500))
    #expect(mesh.changes.count == 1)
    mesh.check(Self.policy, [80], asking: HealthQuestion(path: "/other"))
    #expect(mesh.changes.count == 1)
    mesh.run { mesh.changes.count == 2 }
    #expect(mesh.changes[1].change.isHealthy && mesh.startedAt[80]?.count == 4)
  }

  /// A reload that changes the policy does not send requests to who is known to be ill.
  @Test func anotherPolicyKeepsWhoIsUnhealthy() throws {
    var isIll = true
    let mesh = try CheckedMesh(seed: 5) { _, _ in .answers(isIll ? Self.ill : Self.ok) }
    mesh.check(Self.policy, [80])
    mesh.run { mesh.changes.count == 1 }
    var other = Self.policy
    other.healthy = 4
    mesh.check(other, [80])
    mesh.run(for: .seconds(5))
    #expect(mesh.changes.count == 1)
    isIll = false
    let before = try #require(mesh.startedAt[80]).count
    mesh.run { mesh.changes.count == 2 }
    #expect(mesh.changes[1].change.isHealthy)
    #expect(try #require(mesh.startedAt[80]).count - before == 4)
  }

  /// Everything at random, from seeds: at the end nothing is held, and each probe was counted once.
  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func holdsNothingInTheEnd(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let mesh = try CheckedMesh(seed: seed) { _, _ in
      switch random.below(8) {
      case 0: nil
      case 1: .hangs
      case 2: .closes
      case 3: .resets
      case 4: .answers(Self.ill)
      case 5: .drips(Self.ok, bytes: 3, pause: .milliseconds(100))
      default: .answers(Self.ok)
      }
    }
    mesh.isSilent = { $0 % 7 == 0 }
    mesh.network.isFaulty = true
    var policy = Self.policy
    policy.jitter = .percent(20)
    var question = HealthQuestion(path: "/")
    for _ in 0..<40 {
      if mesh.network.random.chance(1, in: 4) {
        policy.unhealthy = 1 + Int(mesh.network.random.below(3))
        question.path = mesh.network.random.chance(1, in: 3) ? nil : "/"
      }
      let count = UInt16(mesh.network.random.below(100))
      mesh.check(policy, 1...count + 1, asking: question)
      mesh.run(for: .milliseconds(Int(mesh.network.random.below(1000))))
      #expect(mesh.checker.probeCount == mesh.network.openSockets, "seed \(seed)")
    }
    mesh.checker.set([])
    #expect(mesh.network.openSockets == 0, "seed \(seed)")
    #expect(mesh.checker.probeCount == 0 && mesh.checker.waitingCount == 0)
    #expect(mesh.checker.bufferBytesLent == 0, "seed \(seed)")
    // Whoever was told ill was told well again.
    var ill: Set<SocketAddress> = []
    for (_, change) in mesh.changes {
      let isNew =
        change.isHealthy
        ? ill.remove(change.endpoint) != nil : ill.insert(change.endpoint).inserted
      #expect(isNew, "seed \(seed): \(change)")
    }
    #expect(ill.isEmpty && mesh.changes.count > 5, "seed \(seed)")
  }
}
