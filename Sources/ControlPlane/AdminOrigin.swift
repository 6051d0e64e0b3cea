import Primitives

/// Whether a request that changes something may come from the page that sends it.
///
/// Why: a browser sends whatever page is open in it anywhere, to loopback too, and says in `Origin` which
/// one it was (RFC 6454 §7). A foreign page must not drain a proxy. Its own page names the host that it
/// was loaded from; a name that an attacker makes point here (DNS rebinding) is no such host. Without
/// `Origin` it is no browser, and `Host` is not judged. Pure.
enum AdminOrigin {
  /// `origin`, `host`: the fields as they came; nil: not there. `hosts`: `admin.hosts`, in lower case.
  static func isAllowed(_ origin: String?, host: String?, hosts: [String]) -> Bool {
    guard let origin else { return true }
    guard let host = host.flatMap(authority),
      let own = origin.hasPrefix("http://")
        ? authority(String(origin.dropFirst(7))) : nil, own.name == host.name, own.port == host.port
    else { return false }
    return isLiteral(host.name) || host.name == "localhost" || hosts.contains(host.name)
  }

  /// The host, in lower case, and the port, 80 where there is none; nil: it is no authority.
  private static func authority(_ text: String) -> (name: String, port: UInt16)? {
    let text = text.lowercased()
    guard !text.isEmpty, !text.contains("/"), !text.contains("@") else { return nil }
    // The colons of an IPv6 literal stand in brackets.
    let behind = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.startIndex
    guard let colon = text[behind...].lastIndex(of: ":") else { return (text, 80) }
    guard let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    return (String(text[..<colon]), port)
  }

  private static func isLiteral(_ name: String) -> Bool {
    let bare =
      name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
    return IPAddress(bare) != nil
  }
}
