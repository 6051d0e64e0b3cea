import Primitives
import Testing
import Upstreams

/// `Balancer` against its slow reference: 360,000 events a run over all
/// policies (10^6 would take 8 s in a debug build, most of it the reference).
struct BalancerModelTests {
  static let kept: [UInt64] = []
  static let seeds = kept + (1...60).map { UInt64($0) }

  @Test(arguments: seeds) func agreesWithTheReference(seed: UInt64) {
    var walk = BalancerWalk(seed: seed)
    walk.run(events: 6000)
    #expect(walk.faults.isEmpty, "\(walk.faults)")
    #expect(walk.picks > 1000)
  }
}
