/// What an attempt may end in that calls for another one, under the names that the peers use.
///
/// Why a closed set: a name that is mistyped must fail when the configuration is read, not at three
/// in the morning. A condition asks for a retry; whether it is safe is asked apart (`RetryDecision`).
/// Source: Envoy's `x-envoy-retry-on` and `x-envoy-retry-grpc-on`; a number is Envoy's
/// `retriable-status-codes`. `per-try-timeout` is our own name: Envoy counts such a timeout as a
/// `reset`, and so do we, but a service whose resets are worth a retry and whose slowness is not, or
/// the reverse, can't be told so there.
@usableFromInline package enum RetryCondition: Sendable, Hashable {
  /// Any 5xx, or no answer at all: reset, closed, refused, timed out.
  case serverError
  /// 502, 503, 504, or no answer at all.
  case gatewayError
  /// No answer at all.
  case reset
  /// No answer at all, and no byte of the request was written.
  case resetBeforeRequest
  /// The connection could not be made.
  case connectFailure
  /// The endpoint refused the stream unprocessed (RFC 9113 §8.7).
  case refusedStream
  /// 409, which a retry may mend: the other writer is through by then.
  case retriable4xx
  /// The attempt's own time was up.
  case perTryTimeout
  case grpcCancelled
  case grpcDeadlineExceeded
  case grpcInternal
  case grpcResourceExhausted
  case grpcUnavailable
  /// This status: 400...599.
  case status(UInt16)

  static let named: [(name: String, condition: RetryCondition)] = [
    ("5xx", .serverError), ("gateway-error", .gatewayError), ("reset", .reset),
    ("reset-before-request", .resetBeforeRequest), ("connect-failure", .connectFailure),
    ("refused-stream", .refusedStream), ("retriable-4xx", .retriable4xx),
    ("per-try-timeout", .perTryTimeout), ("cancelled", .grpcCancelled),
    ("deadline-exceeded", .grpcDeadlineExceeded), ("internal", .grpcInternal),
    ("resource-exhausted", .grpcResourceExhausted), ("unavailable", .grpcUnavailable),
  ]

  /// All names but the numbers, for a message that lists them.
  package static var names: [String] { named.map(\.name) }

  /// Nil: no such name, or a number that is no status from 400 to 599.
  package init?(name: String) {
    if let known = Self.named.first(where: { $0.name == name }) {
      self = known.condition
    } else if name.utf8.count == 3, let status = UInt16(name), (400...599).contains(status) {
      self = .status(status)
    } else {
      return nil
    }
  }

  package var name: String {
    if case .status(let status) = self { return String(status) }
    return Self.named.first { $0.condition == self }?.name ?? ""
  }
}
