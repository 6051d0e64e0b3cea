import Primitives

/// When a circuit breaker opens, for how long, and how it lets traffic back.
///
/// Why three triggers: a rate sees partial failure under load, consecutive failures see a dead
/// service at once and where there is too little traffic for a rate, and the slow-call rate sees a
/// service that still answers but holds its callers up. Each may be off (`nil`); with all of them
/// off, the breaker never opens by itself. Values out of range are held at the ends of the range.
///
/// Each default names the peer it was taken from.
public struct CircuitBreakerPolicy: Sendable, Hashable {
  /// Failures of all calls in the window that open the breaker. A half: resilience4j's
  /// `failureRateThreshold`.
  public var failureRate: Share?
  /// A call that takes longer counts as slow, whether it succeeds or fails. Off: what is slow
  /// depends on the service; resilience4j's 60 s is longer than any caller here waits.
  public var slowCall: Duration?
  /// Slow calls of all calls in the window that open the breaker; without effect while `slowCall`
  /// is `nil`. 80 %: resilience4j waits for 100 %, which a service that answers a few calls from a
  /// cache never reaches.
  public var slowCallRate: Share?
  /// Which calls the rates are taken over. 10 s: Linkerd's `unified` failure accrual.
  public var window: Window
  /// Calls in the window below which no rate is believed; at most the size of a window of calls.
  /// 20: Hystrix's `requestVolumeThreshold`. Range: 1 and above.
  public var minimumCalls: Int
  /// Failures in a row that open the breaker, whatever the window holds; while traffic returns, a
  /// failure rate alone judges where one is on. 5: Finagle's failure accrual, Envoy's
  /// `consecutive_5xx`. Both judge one endpoint; for a whole service of which some calls always fail,
  /// set it to `nil` and go by the rates, as the proxy does. Range: 1 and above.
  public var consecutiveFailures: Int?
  /// How long the breaker stays open the first time; it doubles each time the probes fail. 5 s:
  /// Hystrix's `sleepWindow`. Range: 1 ms ... 1 day.
  public var openFor: Duration
  /// The breaker never stays open for longer, jitter included. 60 s: Linkerd's `max-penalty`. At least
  /// `openFor`.
  public var openForMax: Duration
  /// Up to this share of the open time is added to it, drawn evenly, so that the sidecars which
  /// opened together do not probe together; where that went beyond `openForMax`, it is taken off.
  /// 20 %: gRPC's connection backoff jitter.
  public var openJitter: Share
  /// Calls let through while half-open: both the most at a time and the most that are counted. They
  /// are judged by `failureRate` and `slowCallRate` (never by `minimumCalls`) as soon as the outcome
  /// is certain; without a failure rate one failure reopens.
  /// 3: between Linkerd's single probe, which one unlucky call decides, and resilience4j's 10.
  /// Range: 1 ... 10,000.
  public var halfOpenCalls: Int
  /// After closing, the admitted share grows over this time from 10 % to all, in a straight line;
  /// zero: all at once. 10 s: Traefik's `recoveryDuration`. Range: 0 ... 1 day.
  public var recovery: Duration
  /// What the breaker does with its verdicts. `enforced`: who configures a breaker wants one.
  public var mode: Mode

  /// Where each default comes from, its property says.
  public init(
    failureRate: Share? = .percent(50), slowCall: Duration? = nil,
    slowCallRate: Share? = .percent(80), window: Window = .time(.seconds(10)),
    minimumCalls: Int = 20, consecutiveFailures: Int? = 5, openFor: Duration = .seconds(5),
    openForMax: Duration = .seconds(60), openJitter: Share = .percent(20), halfOpenCalls: Int = 3,
    recovery: Duration = .seconds(10), mode: Mode = .enforced
  ) {
    self.failureRate = failureRate
    self.slowCall = slowCall
    self.slowCallRate = slowCallRate
    self.window = window
    self.minimumCalls = minimumCalls
    self.consecutiveFailures = consecutiveFailures
    self.openFor = openFor
    self.openForMax = openForMax
    self.openJitter = openJitter
    self.halfOpenCalls = halfOpenCalls
    self.recovery = recovery
    self.mode = mode
  }

  /// The calls that rates are taken over.
  public enum Window: Sendable, Hashable {
    /// Those of the last so many seconds, held as 10 buckets: between 9 and 10 tenths of it.
    /// Range: 10 ms ... 1 hour.
    case time(Duration)
    /// The last so many. Range: 1 ... 65,536; a byte each.
    case calls(Int)
  }

  /// What the breaker does with its verdicts.
  public enum Mode: Sendable, Hashable {
    /// Obeys them.
    case enforced
    /// Moves through its states and reports them, but admits everything. What it would have
    /// refused is marked, and its results are not counted, as a breaker that refuses would not
    /// have seen them.
    case shadow
    /// Admits everything and counts nothing.
    case disabled
    /// Refuses everything.
    case forcedOpen
  }
}
