import Primitives

/// An answer that sends the client elsewhere. Parts that are nil stay as they were requested.
package struct Redirect: Sendable, Equatable {
  package var scheme: String?
  package var host: String?
  /// Replaces the whole path; the query stays.
  package var path: String?
  /// 301, 302, 303, 307 or 308. Default 308: the method stays and caches may keep it.
  package var status: UInt16

  package init(
    scheme: String? = nil, host: String? = nil, path: String? = nil, status: UInt16 = 308
  ) {
    self.scheme = scheme
    self.host = host
    self.path = path
    self.status = status
  }

  /// Appends the `Location` value; false when there is no room.
  package func appendLocation(
    receivedScheme: StaticString, authority: Span<UInt8>, path received: Span<UInt8>,
    query: Span<UInt8>, hasQuery: Bool, to out: Buffer
  ) -> Bool {
    let own = (scheme?.utf8.count ?? 5) + (host?.utf8.count ?? 0) + (path?.utf8.count ?? 0)
    guard own + authority.count + received.count + query.count + 5 <= out.writableCount else {
      return false
    }
    // Without a host there is nothing to be absolute about: `https:///x` would name the host `x`.
    if host != nil || authority.count > 0 {
      if let scheme { out.append(text: scheme) } else { out.append(receivedScheme) }
      out.append("://")
      if let host { out.append(text: host) } else { out.append(authority) }
    }
    if let path { out.append(text: path) } else { out.append(received) }
    if hasQuery {
      out.append(0x3F)
      out.append(query)
    }
    return true
  }
}
