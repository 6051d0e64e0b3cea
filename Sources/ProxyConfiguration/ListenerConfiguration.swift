import Primitives

package struct ListenerConfiguration: Sendable, Equatable {
  package var name: String
  package var address: SocketAddress
  package var routes: [RouteConfiguration]
  package var requestHeadBytesMax: Int
  package var fieldsMax: Int
  package var targetBytesMax: Int
  package var requestBodyBytesMax: Int?
  package var requestsPerConnectionMax: Int?
  package var requestHeadTimeout: Duration
  package var idleTimeout: Duration
  package var writeStallTimeout: Duration
  package var bodyBytesPerSecondMin: Int
  package var bodyRateWindow: Duration
  /// The mode of a Unix-domain socket's file; nil: the umask decides.
  package var socketMode: Int?
  package var mergesSlashes = true
  package var answersHalfClosed = false
  /// Nil: anybody may do anything, as far as the listener goes.
  package var authorization: AuthorizationConfiguration?
  /// Where all connections go, byte for byte; nil: HTTP is spoken there.
  package var upstream: String?
  package var takesProxyHeader = false
  /// Nil: plaintext.
  package var tls: TLSConfiguration?
}
