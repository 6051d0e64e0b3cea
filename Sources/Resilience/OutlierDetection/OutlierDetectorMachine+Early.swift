import Primitives

/// Verdicts on answers of which only the head is there, and what their end makes of them.
///
/// Why at the head: an event stream or a download may go on for hours, and its endpoint is to be
/// compared with the others now. A row of failures ends only with an answer that came whole, so that
/// an endpoint that breaks off every answer is ejected.
extension OutlierDetectorMachine {
  /// The head of a good answer is there. `nanoseconds`: how long it took.
  package mutating func recordEarly(_ slot: Int, nanoseconds: Int64) {
    guard members[slot].isJoined, !members[slot].isEjected else { return }
    members[slot].calls &+= 1
    members[slot].successes &+= 1
    members[slot].latencies.add(nanoseconds)
  }

  /// How the answer ended whose head was recorded early, at `countedAt`.
  package mutating func amend(
    _ slot: Int, _ result: AttemptResult, countedAt: Instant, _ now: Instant
  ) -> OutlierDetector.Ejection? {
    guard members[slot].isJoined, !members[slot].isEjected else { return nil }
    if result == .success {
      members[slot].forgetRow()
      return nil
    }
    guard result != .ignored, result != .unanswered else { return nil }
    let intervalBegan = nextSweep.advanced(byNanoseconds: -interval)
    if countedAt >= max(intervalBegan, members[slot].returnedAt), members[slot].successes > 0 {
      // It was counted in this interval: the failure takes its place.
      members[slot].successes -= 1
      members[slot].calls -= 1
    }
    return record(slot, result, nanoseconds: 0, now)
  }
}
