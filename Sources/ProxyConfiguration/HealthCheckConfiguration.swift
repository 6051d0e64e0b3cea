import Upstreams

/// How endpoints are asked whether they are well.
package struct HealthCheckConfiguration: Sendable, Equatable {
  package var policy: HealthCheckPolicy
  /// Nil: a TCP connection is enough, and `host` and `statuses` mean nothing.
  package var path: String?
  /// Nil: the endpoint's.
  package var port: Int?
  /// Nil: the endpoint's address.
  package var host: String?
  package var statuses: [ClosedRange<Int>]
}
