/// Which fields a configuration may name, and which it may change.
enum FieldChecker {
  /// Framing and the connection are Weir's own (RFC 9110 §7.6.1).
  static let own: Set<String> = [
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length", "te",
    "upgrade", "trailer", "http2-settings",
  ]

  private static let tokenBytes = Set(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

  /// RFC 9110 §5.6.2.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(tokenBytes.contains)
  }

  /// False, and it was reported: the field may not be set, added or removed.
  static func isAllowed(
    _ name: String, _ mark: YAMLNode.Mark, _ checker: inout SchemaChecker
  ) -> Bool {
    guard isToken(name) else {
      checker.report(mark, "\"\(name)\" is not a field name; it may hold no space or colon")
      return false
    }
    if own.contains(name.lowercased()) {
      checker.report(mark, "\(name) is Weir's own to write; remove it, it cannot be changed")
      return false
    }
    return true
  }
}
