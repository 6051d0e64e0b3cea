/// What a health check asks an endpoint, and which answers are good.
package struct HealthQuestion: Sendable, Equatable {
  /// Asked for with GET; nil: a TCP connection is enough.
  package var path: String?
  /// The `Host` that is sent; nil: the address that is asked.
  package var host: String?
  /// Another port than the endpoint's; it means nothing to a Unix-domain endpoint.
  package var port: UInt16?
  /// Statuses of a good answer. Default: RFC 9110 §15.3.
  package var statuses: [ClosedRange<UInt16>]

  package init(
    path: String? = nil, host: String? = nil, port: UInt16? = nil,
    statuses: [ClosedRange<UInt16>] = [200...299]
  ) {
    self.path = path
    self.host = host
    self.port = port
    self.statuses = statuses
  }

  func accepts(_ status: UInt16) -> Bool {
    statuses.contains { $0.contains(status) }
  }
}
