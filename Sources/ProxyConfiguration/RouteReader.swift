import Primitives
import Resilience

/// Reads a listener's routes and checks what the schema cannot: one action each, upstreams that
/// exist, paths that begin with "/", fields that may be changed.
struct RouteReader {
  /// Nil: they are not known, which is told elsewhere.
  private let upstreams: Set<String>?
  private let sortedUpstreams: [String]
  private let pathFault: (RouteConfiguration.Path) -> String?
  private var names: Set<String> = []
  /// What the routes that were read stand in.
  private(set) var sections: [Section] = []

  /// `pathFault`: what is wrong with a path that a route matches by, if anything.
  init(upstreams: Set<String>?, pathFault: @escaping (RouteConfiguration.Path) -> String?) {
    self.upstreams = upstreams
    sortedUpstreams = upstreams?.sorted() ?? []
    self.pathFault = pathFault
  }

  mutating func read(
    _ items: [Section.Located], of listener: String, _ checker: inout SchemaChecker
  ) -> [RouteConfiguration] {
    var routes: [RouteConfiguration] = []
    for (index, item) in items.enumerated() {
      guard case .section(let section) = item.value else { continue }
      let name = section.text("name") ?? "\(index)"
      if !names.insert(name).inserted {
        checker.report(
          section.mark("name"), "two routes of \(listener) are named \(name); rename one")
      }
      let path = path(section.section("match"), &checker)
      MatchChecker.check(section.section("match"), &checker)
      let action = action(section, &checker)
      guard let path, let action else { continue }
      let route = route(name, path, action, section, &checker)
      checkUse(of: section, route, &checker)
      routes.append(route)
      sections.append(section)
    }
    return routes
  }

  private func route(
    _ name: String, _ path: RouteConfiguration.Path, _ action: RouteConfiguration.Action,
    _ section: Section, _ checker: inout SchemaChecker
  ) -> RouteConfiguration {
    let match = section.section("match")
    let headers = section.section("headers")
    return RouteConfiguration(
      name: name, isNamed: section.has("name"), path: path, methods: match.texts("method"),
      hosts: match.texts("host"),
      headers: fields(match, "headers", mayBeAny: true, &checker), action: action,
      rewritePrefix: rewrite(section, path, &checker),
      authorization: AuthorizationReader.read(section, pathFault, &checker),
      requestEdits: edits(headers.section("request"), &checker),
      responseEdits: edits(headers.section("response"), &checker),
      timeout: section.duration("timeout"), totalTimeout: section.duration("total_timeout"),
      retry: retry(section, &checker),
      hedge: hedge(section), rateLimits: rateLimits(section, &checker),
      priority: section.text("priority").flatMap { RequestPriority(name: $0) } ?? .normal,
      circuitBreaker: BreakerReader.read(section, "circuit_breaker", &checker),
      fallback: fallback(section, action, &checker), fault: fault(section, &checker),
      subset: section.pairs("subset"),
      line: section.mark.line, column: section.mark.column)
  }

  private func path(_ match: Section, _ checker: inout SchemaChecker) -> RouteConfiguration.Path? {
    let given = ["prefix", "path", "regex"].filter(match.has)
    guard given.count <= 1 else {
      checker.report(
        match.mark(given[1]), "match has \(given.joined(separator: " and ")); keep one")
      return nil
    }
    let key = given.first ?? "prefix"
    let text = match.text(key) ?? "/"
    if key != "regex", !begins(text, match.mark(key), "match.\(key)", &checker) { return nil }
    let path: RouteConfiguration.Path =
      key == "regex" ? .regex(text) : key == "path" ? .exact(text) : .prefix(text)
    if let fault = pathFault(path) {
      checker.report(match.mark(key), "match.\(key) \(fault)")
      return nil
    }
    return path
  }

  private func begins(
    _ path: String, _ mark: YAMLNode.Mark, _ place: String, _ checker: inout SchemaChecker
  ) -> Bool {
    if path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3F }) {
      return true
    }
    checker.report(
      mark, "\(place) must be a path that begins with /, not \"\(path)\"\(Self.pathHint(path))")
    return false
  }

  /// `api`, a whole URL, `/api/*` and what follows a question mark.
  private static func pathHint(_ path: String) -> String {
    var rest = path[...]
    if path.hasPrefix("http://") || path.hasPrefix("https://") {
      rest = rest.dropFirst(8).drop { $0 != "/" }
    }
    rest = rest.prefix { $0 != "?" && $0 != "#" && $0 > " " }
    let text = rest.hasPrefix("/") ? String(rest) : "/" + rest
    return path.isEmpty || text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? "; write \(text)" : ""
  }

  private func action(
    _ section: Section, _ checker: inout SchemaChecker
  ) -> RouteConfiguration.Action? {
    let actions = ["upstream", "split", "redirect", "respond"]
    let given = actions.filter(section.has)
    guard given.count == 1 else {
      // The key was misspelt: that is told.
      if given.isEmpty, actions.contains(where: section.isMeant) { return nil }
      let message =
        given.isEmpty
        ? "the route does nothing; give it upstream, split, redirect or respond"
        : "the route has \(given.joined(separator: " and ")); keep one"
      checker.report(given.isEmpty ? section.mark : section.mark(given[1]), message)
      return nil
    }
    switch given[0] {
    case "upstream":
      let name = section.text("upstream") ?? ""
      return exists(name, section.mark("upstream"), &checker) ? .forward(name) : nil
    case "split": return split(section, &checker)
    case "redirect": return redirect(section.section("redirect"), &checker)
    default: return respond(section.section("respond"), &checker)
    }
  }

  func exists(
    _ name: String, _ mark: YAMLNode.Mark, _ checker: inout SchemaChecker
  ) -> Bool {
    guard let upstreams else { return true }
    if upstreams.contains(name) { return true }
    if checker.isTelling { checker.comparisonsLeft -= sortedUpstreams.count }
    let nearest =
      checker.comparisonsLeft < 0 || !checker.isTelling
      ? nil : SchemaChecker.nearest(to: name, sortedUpstreams)
    let hint = nearest.map { "; did you mean \($0)?" } ?? "; add it under upstreams"
    checker.report(mark, "there is no upstream \(name)\(hint)")
    return false
  }

  private func split(
    _ section: Section, _ checker: inout SchemaChecker
  ) -> RouteConfiguration.Action? {
    var shares: [RouteConfiguration.Share] = []
    for item in section.list("split") {
      guard case .section(let share) = item.value, let name = share.text("upstream"),
        exists(name, share.mark("upstream"), &checker)
      else { continue }
      shares.append(.init(upstream: name, weight: share.integer("weight") ?? 0))
    }
    guard shares.contains(where: { $0.weight > 0 }) else {
      checker.report(section.mark("split"), "split has no weight above 0")
      return nil
    }
    return .split(shares)
  }

  private func redirect(
    _ section: Section, _ checker: inout SchemaChecker
  ) -> RouteConfiguration.Action? {
    let status = section.integer("status") ?? 308
    guard [301, 302, 303, 307, 308].contains(status) else {
      checker.report(section.mark("status"), "status must be 301, 302, 303, 307 or 308")
      return nil
    }
    let path = section.text("path")
    if let path, !begins(path, section.mark("path"), "redirect.path", &checker) { return nil }
    if let host = section.text("host"), !host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
      checker.report(section.mark("host"), "redirect.host must be a host and perhaps a port")
      return nil
    }
    guard section.has("path") || section.has("host") || section.has("scheme") else {
      checker.report(section.mark, "the redirect leads to itself; give scheme, host or path")
      return nil
    }
    return .redirect(
      scheme: section.text("scheme"), host: section.text("host"), path: path, status: status)
  }

  func respond(
    _ section: Section, _ checker: inout SchemaChecker
  ) -> RouteConfiguration.Action? {
    let body = section.text("body") ?? ""
    guard body.utf8.count <= 32 * 1024 else {
      checker.report(section.mark("body"), "respond.body must be a text of at most 32 KiB")
      return nil
    }
    let status = section.integer("status") ?? 200
    guard body.isEmpty || ![204, 205, 304].contains(status) else {
      checker.report(
        section.mark("body"),
        "an answer with status \(status) has no body (RFC 9110 §15); leave body out, or use 200")
      return nil
    }
    let type = section.text("content_type") ?? ""
    guard !type.isEmpty, type.utf8.count <= 256, type.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
    else {
      checker.report(section.mark("content_type"), "respond.content_type must be a media type")
      return nil
    }
    return .respond(status: status, body: body, contentType: type)
  }

  private func rewrite(
    _ section: Section, _ path: RouteConfiguration.Path, _ checker: inout SchemaChecker
  ) -> String? {
    guard section.has("rewrite"), let prefix = section.section("rewrite").text("prefix") else {
      return nil
    }
    if case .regex = path {
      checker.report(section.mark("rewrite"), "rewrite needs a match by prefix or path, not regex")
    }
    let mark = section.section("rewrite").mark("prefix")
    return begins(prefix, mark, "rewrite.prefix", &checker) ? prefix : nil
  }

  // MARK: Fields

  private func edits(
    _ section: Section, _ checker: inout SchemaChecker
  ) -> RouteConfiguration.Edits {
    var edits = RouteConfiguration.Edits()
    edits.set = fields(section, "set", mayBeAny: false, &checker)
    edits.add = fields(section, "add", mayBeAny: false, &checker)
    for item in section.list("remove") {
      guard case .text(let name) = item.value,
        FieldChecker.isAllowed(name, item.mark, &checker)
      else { continue }
      edits.remove.append(name)
    }
    return edits
  }

  func fields(
    _ section: Section, _ key: String, mayBeAny: Bool, _ checker: inout SchemaChecker
  ) -> [RouteConfiguration.Field] {
    section.map(key).compactMap { entry in
      guard case .text(let value) = entry.value.value else { return nil }
      guard mayBeAny || FieldChecker.isAllowed(entry.name, entry.mark, &checker) else {
        return nil
      }
      guard !value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) else {
        checker.report(entry.value.mark, "the value of \(entry.name) has a control character")
        return nil
      }
      return .init(name: entry.name, value: value)
    }
  }
}
