import Primitives
import Upstreams

/// Health checks: the machine asks, the replica's state answers.
///
/// A check is answered by the replica's process, apart from the requests it works on: in a
/// millisecond, times its slowness. A replica that is killed refuses it, one that is paused or cut
/// off lets it run out of time.
extension Simulator {
  /// Nanoseconds that a replica takes to answer a check.
  private static let answerNanoseconds = 1_000_000.0
  private static let results: [HealthCheckFailure?] = [nil, .notConnected, .timedOut]

  mutating func scheduleProbes() {
    for link in links.indices {
      for endpoint in links[link].checks.indices {
        probes.append((link, endpoint))
        queue.push(
          Event(
            .probe, at: links[link].checks[endpoint].dueAt.nanoseconds, index: probes.count - 1))
      }
    }
  }

  mutating func probe(_ index: Int) {
    let (link, endpoint) = probes[index]
    guard let deadline = links[link].checks[endpoint].due(now: instant) else { return }
    let target = plan.edges[links[link].edge].target
    let replica = services[target].firstReplica + endpoint
    let delay = 2 * plan.delay(from: links[link].zone, to: replicas[replica].zone)
    let answer =
      now + delay + Int64(Self.answerNanoseconds * replicas[replica].slowness / 100)
    var result = UInt32(0)
    var end = answer
    if !replicas[replica].isReached || replicas[replica].isPaused || answer > deadline.nanoseconds {
      (result, end) = (2, deadline.nanoseconds)
    } else if !replicas[replica].isUp {
      (result, end) = (1, now + delay)
    }
    queue.push(Event(.probeEnd, at: end, index: index, generation: result))
  }

  mutating func endProbe(_ index: Int, _ result: UInt32) {
    let (link, endpoint) = probes[index]
    let next = links[link].check(endpoint, Self.results[Int(result)], now: instant)
    queue.push(Event(.probe, at: next, index: index))
  }
}
