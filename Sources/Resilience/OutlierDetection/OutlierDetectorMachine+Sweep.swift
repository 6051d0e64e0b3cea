import Primitives

extension OutlierDetectorMachine {
  /// A slot and by how much it is an outlier: the worst are ejected first, as long as it may be.
  private typealias Candidate = (slot: Int, badness: Int64)

  /// Brings back those whose time is up and, once an interval, compares the endpoints.
  ///
  /// Intervals that nobody asked about are skipped, not made up for.
  package mutating func advance(_ now: Instant) -> [OutlierDetector.Change] {
    var changes: [OutlierDetector.Change] = []
    if ejectedCount > 0 {
      for slot in members.indices where isEjected(slot) && now >= members[slot].ejectedUntil {
        changes.append(bringBack(slot, .timeServed, now))
      }
    }
    guard now >= nextSweep else { return changes }
    let late = now.nanoseconds(since: nextSweep)
    nextSweep = now.advanced(byNanoseconds: interval - late % interval)
    forgive(now)
    if let rule = policy.successRate {
      sweep(successRateOutliers(rule), .successRate, &changes, now)
    }
    if let rule = policy.failurePercentage {
      sweep(failureOutliers(rule), .failurePercentage, &changes, now)
    }
    if let rule = policy.latency { sweep(latencyOutliers(rule), .latency, &changes, now) }
    for slot in members.indices { members[slot].forgetInterval() }
    return changes
  }

  /// An ejection is forgotten for each interval that the endpoint was there for.
  private mutating func forgive(_ now: Instant) {
    for slot in members.indices where members[slot].isJoined && !members[slot].isEjected {
      guard members[slot].ejections > 0,
        now >= members[slot].returnedAt.advanced(byNanoseconds: interval)
      else { continue }
      members[slot].ejections -= 1
    }
  }

  private mutating func sweep(
    _ candidates: [Candidate], _ cause: OutlierDetector.Cause,
    _ changes: inout [OutlierDetector.Change], _ now: Instant
  ) {
    let order = candidates.sorted { ($1.badness, $0.slot) < ($0.badness, $1.slot) }
    for candidate in order {
      if let ejection = eject(candidate.slot, cause, now) { changes.append(.ejected(ejection)) }
    }
  }

  /// The slots that had at least `calls` in this interval and are not ejected.
  private func compared(calls: Int) -> [Int] {
    members.indices.filter { slot in
      members[slot].isJoined && !members[slot].isEjected
        && Int(members[slot].calls) >= max(calls, 1)
    }
  }

  /// `mean - rate > deviations × deviation`, squared and in whole numbers, so that equal rates are
  /// never outliers of each other by rounding. Rates are in millionths.
  private func successRateOutliers(_ rule: OutlierPolicy.SuccessRate) -> [Candidate] {
    let slots = compared(calls: rule.minimumCalls)
    guard slots.count >= max(rule.minimumEndpoints, 2) else { return [] }
    let count = Int128(slots.count)
    let rates = slots.map { Int128(members[$0].successes) * 1_000_000 / Int128(members[$0].calls) }
    let sum = rates.reduce(0, +)
    // The variance, times the square of the count.
    let spread = count * rates.reduce(0) { $0 + $1 * $1 } - sum * sum
    let gap = Int128(rule.gapMin.basisPoints) * 100 * count
    let factor = Int128(min(max(rule.deviations, 0), 1000) * 1000 + 0.5)
    return zip(slots, rates).compactMap { slot, rate in
      let distance = sum - count * rate
      guard distance > 0, distance >= gap,
        distance * distance * 1_000_000 > factor * factor * spread
      else {
        return nil
      }
      return (slot, Int64(1_000_000 - rate))
    }
  }

  private func failureOutliers(_ rule: OutlierPolicy.FailurePercentage) -> [Candidate] {
    let slots = compared(calls: rule.minimumCalls)
    guard slots.count >= rule.minimumEndpoints else { return [] }
    return slots.compactMap { slot in
      let calls = UInt64(members[slot].calls)
      let failures = calls - UInt64(members[slot].successes)
      guard failures > 0, rule.threshold.isReached(by: failures, of: calls) else { return nil }
      return (slot, Int64(failures * 1_000_000 / calls))
    }
  }

  private func latencyOutliers(_ rule: OutlierPolicy.Latency) -> [Candidate] {
    let medians =
      members.indices.filter { slot in
        members[slot].isJoined && !members[slot].isEjected
          // Calls that were cut before their answer have a latency and are no calls.
          && Int(members[slot].latencies.total) >= max(rule.minimumCalls, 1)
      }
      .map { (slot: $0, median: members[$0].latencies.median) }
      .sorted { ($0.median, $0.slot) < ($1.median, $1.slot) }
    guard medians.count >= max(rule.minimumEndpoints, 2) else { return [] }
    let floor = rule.floor.nanosecondsClamped
    let factor = Int64(min(max(rule.factor, 2), 1000))
    // The lower middle of the others is the same for each that can be an outlier: it stands before.
    let peers = medians[(medians.count - 2) / 2].median
    return medians.compactMap { slot, own in
      guard own > floor, own >= factor * peers else { return nil }
      return (slot, own)
    }
  }
}
