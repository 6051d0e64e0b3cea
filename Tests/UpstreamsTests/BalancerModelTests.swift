import Primitives
import Testing
import Upstreams

/// `Balancer` against its slow reference: 10^6 events a run over all policies, about 8 s of processor
/// time in a debug build, most of it the reference.
struct BalancerModelTests {
  static let kept: [UInt64] = []
  static let seeds = kept + (1...170).map { UInt64($0) }

  @Test(arguments: seeds) func agreesWithTheReference(seed: UInt64) {
    var walk = BalancerWalk(seed: seed)
    walk.run(events: 6000)
    #expect(walk.faults.isEmpty, "\(walk.faults)")
    #expect(walk.picks > 1000)
  }
}
