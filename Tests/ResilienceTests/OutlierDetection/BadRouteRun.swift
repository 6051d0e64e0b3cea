import Primitives

@testable import Resilience

/// Traffic to endpoints of one upstream, of which a route fails everywhere, in bursts; with the
/// machines that judge endpoints, and what comes of it for the other routes.
struct BadRouteRun {
  struct Setting {
    var endpoints = 3
    /// The share of the bad route's requests that fail, in percent.
    var failing: UInt32 = 100
    /// Whether endpoints are compared; false shows what comes of it otherwise.
    var isCompared = true
    /// An endpoint that fails on every route; nil: none.
    var badEndpoint: Int?
    var requests = 60_000
    var breaker = CircuitBreakerPolicy()
  }

  private let setting: Setting
  private var random: RandomSource
  private var detector: OutlierDetectorMachine
  private var comparison: PeerComparisonMachine
  private var breakers: [CircuitBreakerMachine]
  private var now = Instant(nanoseconds: 0)
  private var turn = 0
  private(set) var ejections: [Int: Int] = [:]
  private(set) var openings = 0
  /// Requests of good routes, and those of them that nobody took.
  private(set) var good = 0
  private(set) var refused = 0

  init(_ setting: Setting, seed: UInt64) {
    self.setting = setting
    random = RandomSource(seed: seed)
    detector = OutlierDetectorMachine(OutlierPolicy(), seed: seed, now: now)
    comparison = PeerComparisonMachine(endpointCount: setting.endpoints)
    breakers = (0..<setting.endpoints).map {
      CircuitBreakerMachine(setting.breaker, seed: seed &+ UInt64($0))
    }
    for _ in 0..<setting.endpoints { _ = detector.join() }
  }

  /// 1,600 requests a second, 3 % of them to the bad route, which come thirty at a time.
  mutating func run() {
    var sent = 0
    while sent < setting.requests {
      let isBurst = random.below(1000) == 0
      for _ in 0..<(isBurst ? 31 : 1) {
        ask(route: isBurst ? 1 : UInt64(2 + random.below(5)))
        sent += 1
      }
    }
  }

  private mutating func ask(route: UInt64) {
    now = now.advanced(byNanoseconds: Int64(random.below(1_250_000)))
    for change in detector.advance(now) { note(change) }
    if route != 1 { good += 1 }
    guard let (endpoint, ticket) = pick() else {
      if route != 1 { refused += 1 }
      return
    }
    let isBad = endpoint == setting.badEndpoint || route == 1 && random.below(100) < setting.failing
    let evidence =
      setting.isCompared
      ? comparison.record(endpoint, route: route, isFailure: isBad, now: now) : .against
    let outcome: Outcome =
      evidence.isExcusedFromBreaker ? .ignored : isBad ? .failure : .success
    let change = breakers[endpoint].record(ticket, outcome, nanoseconds: 1_000_000, now)
    if change?.to == .open { openings += 1 }
    let result: AttemptResult =
      evidence.isExcusedFromEjection ? .ignored : isBad ? .gatewayFailure : .success
    for change in detector.record(endpoint, result, nanoseconds: 1_000_000, now) { note(change) }
  }

  /// The next one in turn that is not ejected and whose breaker admits it.
  private mutating func pick() -> (Int, CircuitBreaker.Ticket)? {
    for _ in 0..<setting.endpoints {
      turn = (turn + 1) % setting.endpoints
      guard !detector.isEjected(turn) else { continue }
      if case .admitted(let ticket) = breakers[turn].admit(now) { return (turn, ticket) }
    }
    return nil
  }

  private mutating func note(_ change: OutlierDetector.Change) {
    if case .ejected(let ejection) = change { ejections[ejection.slot, default: 0] += 1 }
  }
}
