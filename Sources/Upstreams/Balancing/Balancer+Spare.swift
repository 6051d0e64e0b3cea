import Primitives

/// Who is asked before a request asks the same endpoint twice.
///
/// Why: an endpoint that has just failed this request is known to be bad now, an ejected one was
/// bad a while ago. Of two replicas that restart one after the other, the one that is ejected is
/// the one that is well again.
extension Balancer {
  /// An untried endpoint of the view whose first level is `view`, which its breaker admits although
  /// it is ejected or unhealthy: an ejected one if there is any, as active checks speak of now.
  @inline(never)
  func spare(_ view: Int, _ request: PickRequest, _ random: inout RandomSource) -> Pick? {
    guard request.asksLastResort else { return nil }
    for level in view..<view + roster.levelsPerView {
      let known = levels[level]
      let start = roster.levels[level].start + known.eligible
      if let spare = spare(level, start, known.ejected, request, &random) { return spare }
    }
    for level in view..<view + roster.levelsPerView {
      let known = levels[level]
      let start = roster.levels[level].start + known.eligible + known.ejected
      let count = known.spares - known.ejected
      if let spare = spare(level, start, count, request, &random) { return spare }
    }
    return nil
  }

  private func spare(
    _ level: Int, _ start: Int, _ count: Int, _ request: PickRequest,
    _ random: inout RandomSource
  ) -> Pick? {
    guard count > 0, let index = untried(start, count, request.tried, &random) else { return nil }
    return Pick(
      index: index, reason: .lastResort, priority: roster.levels[level].priority,
      isElsewhere: true)
  }

  /// An untried one of `members[start ..< start + count]`: one more than were tried are looked at,
  /// so one is found if any is.
  func untried(
    _ start: Int, _ count: Int, _ tried: TriedEndpoints, _ random: inout RandomSource
  ) -> Int? {
    var place = (Int(random.next() >> 32) * count) >> 32
    for _ in 0..<min(count, tried.count + 1) {
      let index = Int(members[start + place])
      if !tried.contains(keys[index]) { return index }
      place = place + 1 == count ? 0 : place + 1
    }
    return nil
  }
}
