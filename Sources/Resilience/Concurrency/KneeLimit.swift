import Primitives

/// Finds how many requests an upstream carries at once before they only queue there: its knee.
///
/// ```
///            refused, but seldom full: a burst       goodput rose with the limit
///              ┌────── +50 % ──────┐                ┌──────── ×2 to ×4 ───────┐
///              ▼                   │                ▼                         │
///   ┌──────────────┐  full    ┌────┴─────┐  full  ┌──────┐  a generation   ┌──┴──────┐
///   │ not reached: │ ───────▶ │  round   │ ─────▶ │raised│ ──────────────▶ │ round   │
///   │ no change    │ ◀─────── │          │        └──────┘   later         └──┬──────┘
///   └──────────────┘ not full └──────────┘                                    │ it did not,
///                                  ▲     limit = knee + headroom              ▼ or 10 s full
///                                  └──────── full once more ─────── dip to 0.6 × the knee
/// ```
///
/// Why goodput and not the least latency. Published limits (Netflix's Vegas and Gradient, Envoy's
/// gradient controller) hold each interval's latency against the least that was seen. The least of
/// noisy medians is an extreme value, so that a service with ordinary variance looks slow at half
/// load; a smaller limit then leaves fewer samples, whose least is more extreme still (measured:
/// 42 % refused at half load). Here nothing is held against an extreme, and a limit that is not
/// reached is not touched at all, as TCP and BBR do while the application sends little.
///
/// The law. While `limit` is full the upstream does X successes a second with N in flight. Now and
/// then fewer are let in, N′, and they do X′. Below the knee each place does its own share of the
/// work, N′ / X′ is then the time that a request takes without a queue, and by Little's law the
/// number in flight that keeps the upstream just busy is
///
///     knee = N′ × X / X′
///
/// Where X′ is still near X, N′ is above the knee too, and the dip goes on at half of it. Where the
/// knee is near N, all places were busy, and the limit is raised for as long as goodput follows.
///
/// The headroom. Who is served fluctuates around the knee, by its square root for random arrivals
/// (Halfin and Whitt, 1981): limit = knee × (1 + buffer) + 2 √knee. So under any overload a request
/// takes about 1.3 to 2 times as long as without a queue, and the upstream never runs dry.
///
/// Its price. A dip costs the share of goodput that it shows, for its length; the next one comes
/// after `dipInterval` and not before the loss is below 2 % of the time between them.
/// Only successes count, so an upstream that answers 429 or fails under load is not taken for one
/// that got faster; places that were held and yielded nothing halve the limit.
/// What it costs when wrong: docs/decisions/0016.
///
/// Pure. Units: nanoseconds. Cost: O(1), a few additions each, no allocation; 200 bytes.
/// Confinement: its owner; `ConcurrencyLimiter` shares it.
package struct KneeLimit: Sendable {
  enum Phase: Sendable {
    /// Counting a round.
    case counting
    /// After a raise: so many more must leave, a whole generation, before what is seen is its doing.
    case raised(left: Int)
    /// Before a dip: until no more are in flight than it allows, and then for a generation.
    case draining(left: Int)
    case dipping
  }

  /// Below this share of the most in flight, on average, a refusal came from a burst. Of the most that
  /// was seen and not of the limit, since a class may fill only a part (`PriorityShedder`).
  static let fullShare = 0.75
  static let dipShare = 0.6
  /// A dip that still does this much of the goodput is not below the knee.
  static let stillFullShare = 0.8
  /// From here up all places were busy.
  static let busyShare = 0.85
  /// When the limit is raised, goodput must rise by this share of what the raise is in proportion.
  static let riseShare = 0.35
  /// What dips may cost of all goodput.
  static let dipCost = 0.02
  static let second = 1e9

  package let policy: ConcurrencyPolicy
  /// Whole requests, what is enforced now.
  package internal(set) var limit: Int
  /// How long a request takes without a queue, as the last dip measured it; 0 before that.
  package internal(set) var unqueuedNanoseconds: Int64 = 0
  var phase = Phase.counting
  var round = Round()
  /// The last rounds at this limit together, all of them full.
  var full = Totals()
  /// The limit is raised while goodput follows.
  var isRaising = true
  /// Goodput and places before the raise; nil: nothing is known yet.
  var beforeRaise: (perSecond: Double, places: Double)?
  /// What the upstream carries; 0 before it is known.
  var knee = 0.0
  /// The limit before a dip.
  var beforeDip = 0
  /// What a dip that is over showed, and what had been full before it, until it is full once more: a
  /// machine that stood still for a moment before the dip must not pass for one that carries little.
  var lastDip: (dip: Totals, before: Totals)?
  var nextDip = Instant(nanoseconds: .min)

  package init(policy: ConcurrencyPolicy) {
    self.policy = policy
    limit = policy.initial
  }

  /// One request has left. `inFlight`: with it; `refused`: how many requests the limit has refused so
  /// far; `nanoseconds`: how long it held its place. An ignored request that held it for no time was
  /// not sent, and counts nowhere. Returns true if `limit` changed.
  package mutating func record(
    nanoseconds: Int64, outcome: Outcome, inFlight: Int, refused: UInt64, now: Instant
  ) -> Bool {
    let before = limit
    if round.isNew {
      beginRound(of: policy.samplesMin, refused, now, inFlight: inFlight)
      return false
    }
    round.totals.pass(to: now, since: round.last, places: Double(round.inFlight + inFlight) / 2)
    round.last = max(round.last, now)
    round.inFlight = inFlight - 1
    switch phase {
    case .raised(let left):
      phase = .raised(left: left - 1)
      if left <= 1 {
        phase = .counting
        beginRound(of: policy.samplesMin, refused, now, inFlight: inFlight)
      }
    case .draining(let left):
      guard inFlight - 1 <= limit else { break }
      phase = .draining(left: left - 1)
      if left <= 1 {
        phase = .dipping
        beginRound(of: max(policy.samplesMin * 2, limit), refused, now, inFlight: inFlight)
      }
    case .counting, .dipping:
      guard outcome != .ignored || nanoseconds > 0 else { break }
      round.left += 1
      round.most = max(round.most, inFlight)
      if outcome == .success { round.totals.successes += 1 }
      if isRoundOver(now) { endRound(refused, now) }
    }
    return limit != before
  }

  /// Whole generations: what was let in together leaves together, and half of such a wave would
  /// be half of the truth.
  private mutating func isRoundOver(_ now: Instant) -> Bool {
    guard round.left >= round.size else { return false }
    var isLong = round.totals.nanoseconds > 0
    if case .counting = phase, !isRaising {
      isLong = round.totals.nanoseconds >= Double(policy.intervalNanoseconds)
    }
    if !isLong { round.size += max(limit, 1) }
    return isLong
  }

  mutating func beginRound(of size: Int, _ refused: UInt64, _ now: Instant, inFlight: Int) {
    let places = max(limit, 1)
    round = Round()
    round.isNew = false
    round.size = (size + places - 1) / places * places
    round.refusedBefore = refused
    round.last = now
    round.inFlight = inFlight - 1
  }

  func whole(_ limit: Double) -> Int {
    Int(min(Double(policy.maximum), max(Double(policy.minimum), limit)))
  }
}
