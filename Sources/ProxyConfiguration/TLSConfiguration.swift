import Primitives
import Upstreams

/// How a listener or an upstream is secured, as it was configured.
package struct TLSConfiguration: Sendable, Equatable {
  package enum Side: Sendable, Equatable {
    case listener, upstream
  }

  package enum Trust: Sendable, Equatable {
    /// Whoever has a certificate from one of the roots in this file.
    case file(String)
    /// The roots of the system.
    case system
  }

  package enum ClientCertificate: String, Sendable, CaseIterable {
    case required, optional, none
  }

  /// What a fault is about, and what it says.
  package struct FileFault: Sendable {
    package var key: String
    package var message: String

    package init(key: String, message: String) {
      self.key = key
      self.message = message
    }
  }

  package var side: Side
  /// A file of the leaf and those behind it, in PEM; nil: none is shown.
  package var certificate: String?
  package var key: String?
  package var trust: Trust?
  package var clientCertificate: ClientCertificate
  /// `1.2` or `1.3`.
  package var minimumVersion: String
  /// Plaintext is accepted beside TLS.
  package var isPermissive: Bool
  package var handshakeTimeout: Duration
  /// Whom the client says it calls, and for whom the certificate must be.
  package var serverName: String?
  /// One of them must be the server's SPIFFE id; empty: it is not asked for.
  package var workloads: [SPIFFEPattern]

  /// What is spoken inside, which the two sides agree on in the handshake.
  package var applicationProtocol = UpstreamProtocol.auto

  /// The files that it is made of.
  package var files: [String] {
    var files = [certificate, key].compactMap(\.self)
    if case .file(let path)? = trust { files.append(path) }
    return files
  }
}
