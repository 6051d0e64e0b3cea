/// How long idle connections to an endpoint are kept.
package struct PoolPolicy: Sendable, Equatable {
  /// Default 4 s: below the 5 s after which Node.js closes (istio#13205); Linkerd takes 3 s.
  package var idle: Duration
  /// A connection older than this is closed when it comes back; nil: none is.
  package var ageMax: Duration?
  /// Idle connections per endpoint and worker. nginx: `keepalive 32`; 5,000 requests/s at 20 ms
  /// need 100.
  package var idleMax: Int

  package init(idle: Duration = .seconds(4), ageMax: Duration? = nil, idleMax: Int = 128) {
    self.idle = idle
    self.ageMax = ageMax
    self.idleMax = idleMax
  }
}
