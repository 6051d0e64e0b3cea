import Primitives

extension KneeLimit {
  /// What was done in some time, and with how many in flight.
  struct Totals: Sendable {
    var successes = 0.0
    var nanoseconds = 0.0
    /// Requests in flight, summed over the time.
    var placeNanoseconds = 0.0

    var perSecond: Double { successes / nanoseconds * second }
    /// Requests in flight on average.
    var places: Double { placeNanoseconds / nanoseconds }

    mutating func pass(to now: Instant, since last: Instant, places: Double) {
      let passed = Double(max(0, now.nanoseconds(since: last)))
      nanoseconds += passed
      placeNanoseconds += passed * places
    }

    /// A tenth is forgotten, so that sums over rounds follow the last ten or so.
    mutating func fade() {
      successes *= 0.9
      nanoseconds *= 0.9
      placeNanoseconds *= 0.9
    }

    mutating func add(_ other: Totals) {
      successes += other.successes
      nanoseconds += other.nanoseconds
      placeNanoseconds += other.placeNanoseconds
    }
  }

  /// So many requests that left one after the other.
  struct Round: Sendable {
    var isNew = true
    var size = 0
    var left = 0
    /// In flight.
    var most = 0
    var totals = Totals()
    var refusedBefore: UInt64 = 0
    var last = Instant(nanoseconds: 0)
    /// After the last one left.
    var inFlight = 0
  }

  mutating func endRound(_ refused: UInt64, _ now: Instant) {
    let wasRefusing = refused > round.refusedBefore
    if case .dipping = phase {
      endDip(wasRefusing, now)
    } else {
      judge(wasRefusing, now)
    }
    if case .counting = phase {
      beginRound(of: policy.samplesMin, refused, now, inFlight: round.inFlight + 1)
    }
  }

  // MARK: The limit is up

  private mutating func judge(_ wasRefusing: Bool, _ now: Instant) {
    guard wasRefusing else {
      full = Totals()
      lastDip = nil
      return
    }
    let totals = round.totals
    if totals.successes == 0 { return change(to: Double(limit) / 2) }
    if totals.places < Self.fullShare * Double(round.most) {
      lastDip = nil
      return change(to: Double(limit) * 1.5 + 1)
    }
    full.fade()
    full.add(totals)
    if let lastDip { return conclude(lastDip.dip, lastDip.before) }
    // Where a place is held for more than a second, twice the queue would hurt for long: a dip tells
    // as well whether there is one.
    if isRaising, beforeRaise == nil, totals.places > totals.perSecond { isRaising = false }
    if isRaising { return raise(totals, now) }
    if now >= nextDip { beginDip() }
  }

  private mutating func raise(_ totals: Totals, _ now: Instant) {
    if let before = beforeRaise {
      let proportion = totals.places / max(before.places, 1) - 1
      guard totals.perSecond >= before.perSecond * (1 + Self.riseShare * proportion) else {
        isRaising = false
        knee = min(totals.places, before.places * totals.perSecond / before.perSecond)
        return beginDip()
      }
    }
    beforeRaise = (totals.perSecond, totals.places)
    // By as much as would be through in a second if it all queued.
    change(to: Double(limit) * min(4, max(2, totals.perSecond / totals.places)))
  }

  private mutating func change(to new: Double) {
    let new = whole(new)
    full = Totals()
    phase = new > limit ? .raised(left: new) : .counting
    limit = new
  }

  // MARK: Dips

  private mutating func beginDip() {
    beforeDip = limit
    dip(to: (knee > 0 ? knee : Double(limit)) * Self.dipShare)
  }

  private mutating func dip(to places: Double) {
    limit = max(policy.minimum, min(Int(places), limit - 1))
    phase = .draining(left: limit)
  }

  private mutating func endDip(_ wasRefusing: Bool, _ now: Instant) {
    let totals = round.totals
    let lost = 1 - min(1, totals.perSecond / full.perSecond)
    let wait = max(
      Double(policy.dipIntervalNanoseconds), lost * totals.nanoseconds * 2 / Self.dipCost)
    nextDip = now.advanced(byNanoseconds: Int64(min(wait, 3600 * Self.second)))
    // The load is gone, or nothing succeeds: that says nothing of what there is room for.
    guard wasRefusing, totals.successes > 0, full.successes > 0 else {
      return change(to: Double(beforeDip))
    }
    unqueuedNanoseconds = Int64(totals.places / totals.perSecond * Self.second)
    knee = totals.places * max(1, full.perSecond / totals.perSecond)
    if totals.perSecond >= Self.stillFullShare * full.perSecond, limit > policy.minimum {
      return dip(to: Double(limit) / 2)
    }
    if knee >= Self.busyShare * full.places { return raiseAgain(full) }
    lastDip = (totals, full)
    limit = beforeDip
    full = Totals()
    phase = .raised(left: limit)
  }

  /// The limit is full once more, after a dip.
  private mutating func conclude(_ dip: Totals, _ before: Totals) {
    lastDip = nil
    let most = max(full.perSecond, before.perSecond)
    knee = dip.places * max(1, most / dip.perSecond)
    if knee >= Self.busyShare * before.places { return raiseAgain(before) }
    change(to: knee * (1 + policy.buffer.fraction) + 2 * knee.squareRoot())
  }

  /// All places were busy: more may do more.
  private mutating func raiseAgain(_ full: Totals) {
    isRaising = true
    beforeRaise = (full.perSecond, full.places)
    limit = beforeDip
    change(to: Double(beforeDip) * 2)
  }
}
