/// Finds conditions of a route that no request could ever fulfil: they are mistakes.
enum MatchChecker {
  static func check(_ match: Section, _ checker: inout SchemaChecker) {
    checkMethods(match, &checker)
    for item in match.list("host") {
      if case .text(let host) = item.value { checkHost(host, item.mark, &checker) }
    }
    for entry in match.map("headers") where !FieldChecker.isToken(entry.name) {
      checker.report(
        entry.mark, "\"\(entry.name)\" is not a field name; it may hold no space or colon")
    }
  }

  static func checkMethods(_ match: Section, _ checker: inout SchemaChecker) {
    for item in match.list("method") {
      if case .text(let method) = item.value { checkMethod(method, item.mark, &checker) }
    }
  }

  static let methods: Set<String> = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
  ]

  /// Methods are case-sensitive (RFC 9110 §9.1): `get` would wait for a request that never comes.
  private static func checkMethod(
    _ method: String, _ mark: YAMLNode.Mark, _ checker: inout SchemaChecker
  ) {
    let upper = method.uppercased()
    if !FieldChecker.isToken(method) {
      checker.report(mark, "\"\(method)\" is not a method; write a list such as [GET, POST]")
    } else if method != upper, methods.contains(upper) {
      checker.report(mark, "methods are in upper case; write \(upper)")
    }
  }

  /// A host is matched without its port, and only its first label may be a wildcard.
  private static func checkHost(
    _ host: String, _ mark: YAMLNode.Mark, _ checker: inout SchemaChecker
  ) {
    let name = host.hasPrefix("*.") ? String(host.dropFirst(2)) : host
    let isLiteral = name.hasPrefix("[") && name.hasSuffix("]")
    if !isLiteral, let colon = name.firstIndex(of: ":") {
      checker.report(mark, "hosts are matched without their port; write \(name[..<colon])")
    } else if name.isEmpty || !name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2A }) {
      checker.report(
        mark, "\"\(host)\" is not a host; write a name, or *. and a name, or leave it out for any")
    }
  }
}
