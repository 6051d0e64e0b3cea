import HTTPModel
import Primitives
import Routing

/// How a listener treats its connections, whatever the route.
package final class ListenerSettings: @unchecked Sendable {
  // SAFETY: filled by the one who makes it, then only read.

  package var name: String
  package var address: SocketAddress
  package var headLimits = HeadLimits()
  package var bodyLimits = BodyLimits()
  /// Payload bytes of one request; nil: no limit (nginx has 1 MiB, Envoy none: a sidecar does not
  /// know what its service takes).
  package var requestBodyBytesMax: UInt64?
  /// Requests that one connection may carry; nil: no limit, as Envoy.
  package var requestsPerConnectionMax: UInt64?
  /// From a head's first byte to its last. HAProxy's guide: `timeout http-request 10s`.
  package var requestHeadNanoseconds: Int64 = 10_000_000_000
  /// Without a request. nginx: `keepalive_timeout 75s`.
  package var idleNanoseconds: Int64 = 75_000_000_000
  /// A client that takes no byte of what waits for it. nginx: `send_timeout 60s`.
  package var writeStallNanoseconds: Int64 = 60_000_000_000
  /// A client that sends less of its body in each window is cut, 0: none is. Apache's
  /// mod_reqtimeout: `body=20,MinRate=500`.
  package var bodyBytesPerSecondMin: UInt64 = 500
  package var bodyWindowNanoseconds: Int64 = 20_000_000_000

  /// Runs of `/` in a path become one (nginx's and Envoy's `merge_slashes`).
  package var mergesSlashes = true
  /// A client that has ended its direction behind its request is answered; else it has left.
  package var answersHalfClosed = false

  /// Who may do what, whatever the route; nil: anybody anything.
  package var authorization: AuthorizationPolicy?
  /// The position in the snapshot's upstreams of where its connections go, byte for byte; nil: HTTP is
  /// spoken on it.
  package var tunnelTarget: Int?
  /// A balancer in front says by the PROXY protocol who is connected.
  package var takesProxyHeader = false
  /// How long that may take where no `tls` says how long a handshake may.
  static let proxyHeaderNanoseconds: Int64 = 10_000_000_000
  /// Nil: plaintext.
  package var tls: ListenerTLS?

  package init(name: String, address: SocketAddress) {
    self.name = name
    self.address = address
  }
}
