import Primitives

/// When an endpoint is ejected, for how long, and how many may be; nil: not by that.
package struct OutlierSettings: Sendable, Equatable {
  package struct SuccessRate: Sendable, Equatable {
    package var endpointsMin: Int
    package var callsMin: Int
    /// Hundredths of a percent of a standard deviation: 19,000 is 1.9 of them.
    package var deviationsBasisPoints: Int
  }

  package struct FailurePercentage: Sendable, Equatable {
    package var threshold: Share
    package var endpointsMin: Int
    package var callsMin: Int
  }

  package struct Latency: Sendable, Equatable {
    /// Times the median of the others.
    package var factor: Int
    package var endpointsMin: Int
    package var callsMin: Int
    /// Nobody who is faster is ejected.
    package var floor: Duration
  }

  package var consecutive5xx: Int?
  package var consecutiveGatewayFailures: Int?
  package var consecutiveLocalOriginFailures: Int?
  package var interval: Duration
  package var ejectionBase: Duration
  package var ejectionMax: Duration
  package var ejectedMax: Share
  package var successRate: SuccessRate?
  package var failurePercentage: FailurePercentage?
  package var latency: Latency?
}
