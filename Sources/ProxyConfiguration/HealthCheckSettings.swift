import Primitives

/// How endpoints are asked whether they are well.
package struct HealthCheckSettings: Sendable, Equatable {
  /// Nil: a TCP connection is enough, and `host` and `statuses` mean nothing.
  package var path: String?
  package var interval: Duration
  package var jitter: Share
  package var timeout: Duration
  /// In a row.
  package var healthyThreshold: Int
  package var unhealthyThreshold: Int
  /// Nil: the endpoint's.
  package var port: Int?
  /// Nil: the endpoint's address.
  package var host: String?
  package var statuses: [ClosedRange<Int>]
}
