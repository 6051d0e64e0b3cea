import Primitives

/// When a circuit breaker opens, for how long, and how it lets traffic back.
///
/// Why three triggers: a rate sees partial failure under load, consecutive failures see a dead
/// service at once and where there is too little traffic for a rate, and the slow-call rate sees a
/// service that still answers but holds its callers up. Each may be off (`nil`); with all of them
/// off, the breaker never opens by itself. Values out of range are held at the ends of the range.
///
/// Sources of the defaults: Weir's survey of its peers, `docs/configuration.md`; where one peer
/// set the value, the property names it.
public struct CircuitBreakerPolicy: Sendable, Equatable {
  /// Failures of all calls in the window that open the breaker. A half: resilience4j's
  /// `failureRateThreshold`.
  public var failureRate: Share? = .percent(50)
  /// A call that takes longer counts as slow, whether it succeeds or fails. Off: what is slow
  /// depends on the service; resilience4j's 60 s is longer than any caller here waits.
  public var slowCall: Duration?
  /// Slow calls of all calls in the window that open the breaker; without effect while `slowCall`
  /// is `nil`. 80 %: resilience4j waits for 100 %, which a service that answers a few calls from a
  /// cache never reaches.
  public var slowCallRate: Share? = .percent(80)
  /// Which calls the rates are taken over. 10 s: Linkerd's `unified` failure accrual.
  public var window: Window = .time(.seconds(10))
  /// Calls in the window below which no rate is believed; at most the size of a window of calls.
  /// 20: Hystrix's `requestVolumeThreshold`. Range: 1 and above.
  public var minimumCalls: Int = 20
  /// Failures in a row that open the breaker, whatever the window holds. 5: Finagle's failure
  /// accrual, Envoy's `consecutive_5xx`. Range: 1 and above.
  public var consecutiveFailures: Int? = 5
  /// How long the breaker stays open the first time; each reopening doubles it. 5 s: Hystrix's
  /// `sleepWindow`. Range: 1 ms ... 1 day.
  public var openFor: Duration = .seconds(5)
  /// Where the doubling stops. 60 s: Linkerd's `max-penalty`. At least `openFor`.
  public var openForMax: Duration = .seconds(60)
  /// Up to this share of the open time is added to it, drawn evenly, so that the sidecars which
  /// opened together do not probe together; added after `openForMax`, or the longest waits would
  /// fall together again. 20 %: gRPC's connection backoff jitter.
  public var openJitter: Share = .percent(20)
  /// Calls let through while half-open: both the most at a time and the most that are counted.
  /// 3: between Linkerd's single probe, which one unlucky call decides, and resilience4j's 10.
  /// Range: 1 ... 10,000.
  public var halfOpenCalls: Int = 3
  /// After closing, the admitted share grows over this time from 10 % to all, in a straight line;
  /// zero: all at once. 10 s: Traefik's `recoveryDuration`. Range: 0 ... 1 day.
  public var recovery: Duration = .seconds(10)
  public var mode: Mode = .automatic

  public init() {}

  /// The calls that rates are taken over.
  public enum Window: Sendable, Equatable {
    /// Those of the last so many seconds, held as 10 buckets: between 9 and 10 tenths of it.
    /// Range: 10 ms ... 1 hour.
    case time(Duration)
    /// The last so many. Range: 1 ... 65,536; a byte each.
    case calls(Int)
  }

  /// What the breaker does with its verdicts.
  public enum Mode: Sendable, Equatable {
    /// Obeys them.
    case automatic
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
