import Primitives

/// Who is set aside, who is kept although it fails, and who returns.
extension OutlierDetectorMachine {
  func isLastSound(_ slot: Int) -> Bool {
    soundCount == (members[slot].isSound ? 1 : 0)
  }

  /// Nil: nobody better would be left, or too many are ejected already.
  mutating func eject(
    _ slot: Int, _ cause: OutlierDetector.Cause, _ now: Instant
  ) -> OutlierDetector.Ejection? {
    guard !isLastSound(slot), ejectedCount < policy.ejectedMax(of: count) else { return nil }
    setFailing(slot, until: nil)
    ejectedCount += 1
    change(slot) {
      $0.ejections += 1
      $0.isEjected = true
      $0.cause = cause
    }
    let ejections = members[slot].ejections
    members[slot].ejectedUntil = now.advanced(
      byNanoseconds: time(ejections, cause) + jitter())
    return OutlierDetector.Ejection(
      slot: slot, cause: cause, at: now, until: members[slot].ejectedUntil, count: ejections)
  }

  /// The last sound one has failed and stays; who is ejected is no worse than it and returns.
  mutating func keep(
    _ slot: Int, _ cause: OutlierDetector.Cause, _ now: Instant
  ) -> [OutlierDetector.Change] {
    setFailing(
      slot, until: now.advanced(byNanoseconds: time(members[slot].ejections + 1, cause)))
    guard ejectedCount > 0 else { return [] }
    return members.indices.filter(isEjected).map { other in
      setFailing(other, until: members[other].ejectedUntil)
      return bringBack(other, .lastResort, now)
    }
  }

  mutating func bringBack(
    _ slot: Int, _ cause: OutlierDetector.ReturnCause, _ now: Instant
  ) -> OutlierDetector.Change {
    ejectedCount -= 1
    change(slot) { $0.isEjected = false }
    members[slot].returnedAt = now
    members[slot].forgetRow()
    members[slot].forgetInterval()
    return .returned(slot: slot, cause: cause, at: now)
  }

  /// Those for which the time is over that they would have been ejected for have another chance.
  mutating func clearFailing(_ now: Instant) {
    guard failingCount > 0 else { return }
    for slot in members.indices where members[slot].isFailing && now >= members[slot].failingUntil {
      setFailing(slot, until: nil)
    }
  }

  /// `until` nil: it is not, or no longer.
  mutating func setFailing(_ slot: Int, until: Instant?) {
    if let until { members[slot].failingUntil = until }
    guard members[slot].isFailing != (until != nil) else { return }
    failingCount += until == nil ? -1 : 1
    change(slot) { $0.isFailing = until != nil }
  }

  /// Keeps count of those that are sound.
  mutating func change(_ slot: Int, _ body: (inout Member) -> Void) {
    let wasSound = members[slot].isSound
    body(&members[slot])
    soundCount += (members[slot].isSound ? 1 : 0) - (wasSound ? 1 : 0)
  }

  var firstToReturn: Int? {
    members.indices.filter(isEjected).min {
      (members[$0].ejectedUntil, $0) < (members[$1].ejectedUntil, $1)
    }
  }

  private static let day: Int64 = 86_400_000_000_000

  private func time(_ ejections: Int, _ cause: OutlierDetector.Cause) -> Int64 {
    let base = min(max(policy.baseEjection.nanosecondsClamped, 1_000_000), Self.day)
    let most = min(max(policy.maxEjection.nanosecondsClamped, base), Self.day)
    // A million days still fit.
    let plain = min(base * Int64(min(ejections, 86_400_000)), most)
    guard cause == .connectRefused else { return plain }
    let refused = min(max(policy.refusedEjection.nanosecondsClamped, 1_000_000), Self.day)
    return min(plain, refused << Int64(min(ejections - 1, 16)))
  }

  private mutating func jitter() -> Int64 {
    let most = min(max(policy.ejectionJitter.nanosecondsClamped, 0), Self.day)
    guard most > 0 else { return 0 }
    return Int64(UInt64(most).multipliedFullWidth(by: random.next()).high)
  }
}
