import Primitives

/// A whole configuration, checked: what `weir run` is told to do.
package struct Configuration: Sendable, Equatable {
  package struct AccessLog: Sendable, Equatable {
    /// "-": standard output.
    package var path: String
    package var sample: Int
    /// In lower case.
    package var requestHeaders: [String] = []
    package var responseHeaders: [String] = []
  }

  /// How lines of Weir's own log look; the raw value is how it is written.
  package enum LogFormat: String, Sendable, CaseIterable {
    case logfmt, json
  }

  /// Which field says who the client is; the raw value is how it is written.
  package enum ClientAddress: String, Sendable, CaseIterable {
    case xForwardedFor = "x-forwarded-for"
    case forwarded, peer
  }

  /// Nil: decided by the machine.
  package var workers: Int?
  package var adminAddress: SocketAddress?
  /// Where only the status pages are served, for kubelet and Prometheus; nil: nowhere.
  package var adminPublic: SocketAddress?
  /// Names in lower case by which the admin's own pages may have been loaded.
  package var adminHosts: [String] = []
  /// The mode of the admin listener's socket file; nil: the umask decides.
  package var adminSocketMode: Int?
  package var listeners: [ListenerConfiguration] = []
  package var upstreams: [UpstreamConfiguration] = []
  package var trustedProxies: [CIDR] = []
  /// Peers that are trusted whatever their address, by their certificates.
  package var trustedWorkloads: [SPIFFEPattern] = []
  /// Nil: `x-forwarded-for` where it is there, else `forwarded`.
  package var clientAddress: ClientAddress?
  /// Where this proxy stands; nil: no endpoint is near.
  package var zone: String?
  /// In lower case.
  package var priorityHeader = ""
  package var connectionsMax = 0
  package var bufferBytesMax = 0
  package var drainDelay = Duration.zero
  package var drainTimeout = Duration.zero
  package var accessLog: AccessLog?
  package var logFormat = LogFormat.logfmt
  /// What this proxy is called in its access log; nil: the host's name.
  package var instance: String?
  /// Nil: no request is slow.
  package var explainSlow: Duration?
  package var explainEntries = 0
  /// Endpoints that have metrics of their own.
  package var endpointMetricsMax = 0
  package var propagatesW3C = true
  package var propagatesB3 = false
  package var addsVia = false
  /// `X-Request-ID` is added to services' own answers of 500 and above.
  package var marksErrors = false
  /// It as a file would have it.
  package var document: ConfigurationDocument?
  /// In the order of the file.
  package var warnings: [ConfigurationWarning] = []
}
