/// Why a health check failed.
package enum HealthCheckFailure: Sendable, Hashable, CustomStringConvertible {
  /// No answer within the timeout.
  case timedOut
  /// No connection: refused, or no way there.
  case notConnected
  /// The connection was closed or reset before the answer was whole.
  case reset
  /// An answer that is none in its protocol.
  case malformed
  /// An answer whose status is not among the expected.
  case status(UInt16)
  /// gRPC's `grpc.health.v1`: it answered that it does not serve.
  case notServing

  /// Its name in logs and `/upstreams`.
  package var description: String {
    switch self {
    case .timedOut: "timeout"
    case .notConnected: "not_connected"
    case .reset: "reset"
    case .malformed: "malformed"
    case .status(let status): "status_\(status)"
    case .notServing: "not_serving"
    }
  }
}
