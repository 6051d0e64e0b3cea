import Primitives
import Testing

@testable import Resilience

/// Who leaves an upstream and who comes are two, however late the first one's results are.
struct OutlierMembershipTests {
  private let now = Instant(nanoseconds: 0)

  private func detector(_ change: (inout OutlierPolicy) -> Void = { _ in }) -> OutlierDetector {
    var policy = OutlierPolicy()
    policy.consecutive5xx = 1
    change(&policy)
    return OutlierDetector(policy, seed: 1, now: now)
  }

  @Test func aLateFailureOfWhoLeftEjectsNobody() {
    let detector = detector()
    let others = (0..<3).map { _ in OutlierMembership(in: detector) }
    let old = OutlierMembership(in: detector)
    _ = detector.leave(old.slot, now: now)
    let new = OutlierMembership(in: detector)
    #expect(detector.record(old.slot, .connectRefused, nanoseconds: 0, now: now) == nil)
    #expect(!detector.isEjected(new.slot))
    withExtendedLifetime(others) {}
  }

  @Test func aSlotIsGivenAnewWhenNobodyNamesItAnyMore() {
    let detector = detector()
    var old: OutlierMembership? = OutlierMembership(in: detector)
    let slot = old?.slot
    if let slot { _ = detector.leave(slot, now: now) }
    let other = OutlierMembership(in: detector)
    #expect(other.slot != slot)
    old = nil
    let next = OutlierMembership(in: detector)
    #expect(next.slot == slot)
    withExtendedLifetime(other) {}
  }

  /// Whoever edits a threshold in the middle of an outage does not mean to let the endpoint back.
  @Test func theEjectedStayEjectedByAnotherPolicy() {
    let detector = detector()
    let members = (0..<4).map { _ in OutlierMembership(in: detector) }
    let ejection = detector.record(members[0].slot, .status5xx, nanoseconds: 0, now: now)
    var policy = OutlierPolicy()
    policy.consecutive5xx = 3
    #expect(detector.adopt(policy, now: now).isEmpty)
    #expect(detector.ejection(members[0].slot)?.until == ejection?.until)
    #expect(detector.record(members[1].slot, .status5xx, nanoseconds: 0, now: now) == nil)
    policy.maxEjected = .zero
    let returned = detector.adopt(policy, now: now)
    #expect(returned.count == (policy.ejectedMax(of: 4) == 0 ? 1 : 0))
  }
}
