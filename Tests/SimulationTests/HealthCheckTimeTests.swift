import ControlPlane
import Primitives
import Reactor
import Testing
import Upstreams
import WeirTesting

/// The health checker in virtual time: when it asks, how long it waits, how many at once.
struct HealthCheckTimeTests {
  private static let ok = "HTTP/1.1 204 No Content\r\n\r\n"
  private static let tick = 1_000_000 as Int64

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func asksEachIntervalWithItsJitter(seed: UInt64) throws {
    let mesh = try CheckedMesh(seed: seed) { _, _ in .answers(Self.ok) }
    let policy = HealthCheckPolicy(interval: .seconds(10), jitter: .percent(15))
    let begin = mesh.network.time
    mesh.check(policy, [80])
    mesh.run(for: .seconds(300))
    let times = try #require(mesh.startedAt[80])
    #expect(times[0].nanoseconds(since: begin) <= 1_500_000_000 + Self.tick)
    let gaps = zip(times, times.dropFirst()).map { $1.nanoseconds(since: $0) }
    #expect(gaps.count >= 25)
    // A check takes up to a tenth of a second, from its connection to its result.
    for gap in gaps { #expect((10_000_000_000...11_610_000_000).contains(gap), "\(gap)") }
    // The whole width is used.
    #expect(gaps.contains { $0 < 10_500_000_000 } && gaps.contains { $0 > 11_000_000_000 })
    #expect(mesh.counted("success") == times.count)
    #expect(mesh.changes.isEmpty && mesh.lines.isEmpty)
  }

  @Test func firstChecksAreSpread() throws {
    let mesh = try CheckedMesh(seed: 1) { _, _ in .answers(Self.ok) }
    let begin = mesh.network.time
    mesh.check(HealthCheckPolicy(interval: .seconds(10), jitter: .percent(10)), 1...1000)
    mesh.run(for: .seconds(2))
    let first = mesh.startedAt.values.map { $0[0].nanoseconds(since: begin) / 100_000_000 }
    #expect(first.count == 1000)
    for tenth in 0..<10 as Range<Int64> {
      let count = first.count { $0 == tenth }
      #expect((50...150).contains(count), "tenth \(tenth): \(count)")
    }
  }

  /// Some seeds have a network that is slow to connect.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func aProbeHasOneDeadlineForAll(seed: UInt64) throws {
    let policy = HealthCheckPolicy(interval: .seconds(10), timeout: .seconds(1))
    // No answer to the connection, none to the request, and one that never ends.
    let drip = "HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 1000)
    let mesh = try CheckedMesh(seed: seed) { port, _ in
      port == 2 ? .hangs : .drips(drip, bytes: 1, pause: .milliseconds(300))
    }
    mesh.isSilent = { $0 == 1 }
    mesh.check(policy, 1...3)
    mesh.run { mesh.changes.count == 3 }
    for (at, change) in mesh.changes {
      let port = try #require(change.endpoint.port)
      let started = try #require(mesh.startedAt[port]?.first)
      let taken = at.nanoseconds(since: started)
      #expect(
        (1_000_000_000...1_000_000_000 + 2 * Self.tick).contains(taken),
        "seed \(seed), \(port): \(taken)")
      #expect(change.cause == .probe(.timeout) && !change.isHealthy)
    }
    #expect(mesh.network.openSockets == 0)
    #expect(mesh.counted("timeout") == 3)
  }

  /// Time-outs longer than the interval: one probe an endpoint nevertheless.
  @Test func anEndpointIsAskedOnceAtATime() throws {
    let mesh = try CheckedMesh(seed: 4) { _, _ in nil }
    mesh.isSilent = { _ in true }
    mesh.check(HealthCheckPolicy(interval: .seconds(1), timeout: .seconds(5)), [80])
    mesh.run(for: .seconds(60))
    #expect(mesh.mostSockets == 1)
    #expect((9...11).contains(try #require(mesh.startedAt[80]).count))
  }

  @Test func probesAtOnceAreBounded() throws {
    let mesh = try CheckedMesh(seed: 5) { _, _ in nil }
    mesh.isSilent = { _ in true }
    mesh.check(HealthCheckPolicy(interval: .seconds(10), timeout: .seconds(2)), 1...200)
    mesh.run(for: .milliseconds(1510))
    #expect(mesh.network.openSockets == HealthChecker.probesMax)
    #expect(mesh.checker.probeCount == HealthChecker.probesMax)
    #expect(mesh.checker.waitingCount == 200 - HealthChecker.probesMax)
    // Each of those that waited has its turn.
    mesh.run(for: .seconds(8))
    #expect(mesh.mostSockets == HealthChecker.probesMax)
    #expect(mesh.startedAt.count == 200 && mesh.changes.count == 200)
    #expect(mesh.network.openSockets == 0 && mesh.checker.waitingCount == 0)
  }

  /// Those that fail at once hold no place; they must not make a turn long either.
  @Test func aTurnStartsABoundedNumber() throws {
    let mesh = try CheckedMesh(seed: 6) { _, _ in nil }
    mesh.network.connectFault = SimulatedNetwork.outOfDescriptors
    mesh.check(
      HealthCheckPolicy(interval: .milliseconds(1), jitter: .zero), 1...1000)
    mesh.run(for: .milliseconds(1))
    let before = mesh.counted("not_sent")
    mesh.loop.turn(waitingUntil: mesh.network.time.advanced(by: .milliseconds(1)))
    #expect((1...HealthChecker.probesMax).contains(mesh.counted("not_sent") - before))
    mesh.run(for: .milliseconds(100))
    // Weir's own need says nothing of the endpoints.
    #expect(mesh.changes.isEmpty && mesh.counted("not_sent") > 1000)
    mesh.network.connectFault = nil
    mesh.run { mesh.changes.count == 1000 }
    #expect(mesh.changes.allSatisfy { $0.change.cause == .probe(.connectRefused) })
    // Nor is it a success for those that were unhealthy.
    mesh.network.connectFault = SimulatedNetwork.outOfDescriptors
    mesh.run(for: .seconds(1))
    #expect(mesh.changes.count == 1000)
  }
}
