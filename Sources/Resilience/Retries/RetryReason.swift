import Primitives

/// Why an attempt was made again; the name is the `reason` of `weir_upstream_retries_total`.
@usableFromInline package enum RetryReason: Sendable, Equatable {
  case failure(FailureKind)
  /// A status that the route retries.
  case status
  /// A kept connection turned out to be closed.
  case staleConnection

  package var name: String {
    switch self {
    case .failure(let kind): kind.name
    case .status: "status"
    case .staleConnection: "stale_connection"
    }
  }

  /// Small and the same for the same name.
  package var key: UInt32 {
    switch self {
    case .failure(let kind): UInt32(kind.rawValue) + 2
    case .status: 0
    case .staleConnection: 1
    }
  }
}
