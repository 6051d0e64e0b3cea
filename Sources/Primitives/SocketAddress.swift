/// Where a socket is bound or connected: an IP address and port, or a Unix-domain path.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
  case ip(IPAddress, port: UInt16)
  /// A file's path, or an abstract name that begins with "@" (unix(7)). At most 107 bytes.
  case unix(String)

  /// Reads `127.0.0.1:80`, `[::1]:80` or `unix:/run/app.sock`. Nil for anything else, host names
  /// included: they are resolved elsewhere.
  package init?(_ text: some StringProtocol) {
    let text = String(text)
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty, path.utf8.count < 108 else { return nil }
      self = .unix(path)
      return
    }
    guard let colon = text.lastIndex(of: ":"),
      let port = Self.port(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
    if isBracketed { host = host.dropFirst().dropLast() }
    guard let address = IPAddress(host), isBracketed == host.contains(":") else { return nil }
    self = .ip(address, port: port)
  }

  package var ip: IPAddress? {
    if case .ip(let address, _) = self { address } else { nil }
  }

  package var port: UInt16? {
    if case .ip(_, let port) = self { port } else { nil }
  }

  /// The file of a Unix-domain address; nil for an abstract name.
  package var path: String? {
    if case .unix(let path) = self, !path.hasPrefix("@") { path } else { nil }
  }

  /// The form that `init` reads.
  public var description: String {
    switch self {
    case .ip(let address, let port): address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// Digits only, so that "+80" and " 80" are refused.
  package static func port(_ text: some StringProtocol) -> UInt16? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return UInt16(text)
  }
}
