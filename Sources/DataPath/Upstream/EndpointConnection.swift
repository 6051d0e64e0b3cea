import HTTPClient

/// A connection to an endpoint, by what is spoken on it.
enum EndpointConnection {
  /// One request at a time.
  case http1(HTTP1UpstreamStream)
  /// Many at once.
  case http2(HTTP2UpstreamCarrier)
  /// A client's, byte for byte.
  case tcp(UpstreamConnection)

  var connection: UpstreamConnection {
    switch self {
    case .http1(let stream): stream.connection
    case .http2(let carrier): carrier.connection
    case .tcp(let connection): connection
    }
  }
}
