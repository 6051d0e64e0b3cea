import Primitives

/// A circuit breaker of a route, an upstream or an endpoint.
///
/// At least one of `failureRate`, `slowCall` and `consecutiveFailures` is there; `openFor` is not
/// above `openForMax`.
package struct BreakerSettings: Sendable, Equatable {
  /// What rates are counted over.
  package enum Window: Sendable, Equatable {
    case time(Duration)
    case calls(Int)
  }

  package enum Mode: String, CaseIterable, Sendable {
    case enforced
    case shadow
    case disabled
  }

  package var failureRate: Share?
  /// A call that takes longer is slow; nil: none is.
  package var slowCall: Duration?
  package var slowCallRate: Share
  package var window: Window
  package var callsMin: Int
  package var consecutiveFailures: Int?
  package var openFor: Duration
  package var openForMax: Duration
  package var halfOpenCalls: Int
  /// Nil: all traffic returns at once.
  package var recovery: Duration?
  package var mode: Mode
  package var failureStatuses: [ClosedRange<Int>]
  package var failureGRPCStatuses: [GRPCStatus]
}
