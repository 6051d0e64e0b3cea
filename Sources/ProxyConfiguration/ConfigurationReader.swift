import Primitives
import Upstreams

/// Turns a file's text into a `Configuration`, or into all its faults.
package struct ConfigurationReader {
  private var checker: SchemaChecker
  private let pathFault: PathFault
  private let tlsReader: TLSReader
  private var upstreamNames: Set<String> = []
  /// Those with `protocol: tcp`.
  private var tunnelUpstreams: Set<String> = []
  /// `upstreams` was not misspelt.
  private var areUpstreamsKnown = true
  private(set) var critic = PolicyCritic()

  /// What is wrong with a path that a route matches by, if anything.
  package typealias PathFault = (RouteConfiguration.Path, _ mergesSlashes: Bool) -> String?

  /// What is wrong with the files of a `tls` section, if anything.
  package typealias TLSFault = (TLSConfiguration) -> TLSConfiguration.FileFault?

  /// `environment`: looks a variable up; `pathFault`: what only routing can judge; `tlsFault`: what only
  /// TLS can. Cost: linear in
  /// the text.
  package static func read(
    _ text: [UInt8], file: String, environment: @escaping (String) -> String?,
    pathFault: @escaping PathFault = { _, _ in nil }, tlsFault: @escaping TLSFault = { _ in nil }
  ) throws(ConfigurationFaults) -> Configuration {
    try judge(text, file, environment, pathFault, tlsFault).configuration
  }

  /// The same, with what the critic has looked up.
  static func judge(
    _ text: [UInt8], _ file: String, _ environment: @escaping (String) -> String?,
    _ pathFault: @escaping PathFault, _ tlsFault: @escaping TLSFault = { _ in nil }
  ) throws(ConfigurationFaults) -> (configuration: Configuration, critic: PolicyCritic) {
    let root: YAMLNode
    var checker = SchemaChecker(file: file, lookUp: environment)
    do throws(YAMLReader.Fault) {
      let document = try YAMLReader.read(text)
      root = document.root
      for fault in document.repetitions { checker.report(fault.mark, fault.message) }
    } catch {
      throw ConfigurationFaults(faults: [
        ConfigurationFault(
          file: file, line: error.mark.line, column: error.mark.column, message: error.message)
      ])
    }
    var reader = ConfigurationReader(
      checker: checker, pathFault: pathFault, tlsReader: TLSReader(filesFault: tlsFault))
    let configuration = reader.configuration(root)
    guard !reader.checker.hasFaults, var configuration else {
      throw ConfigurationFaults(faults: reader.checker.told)
    }
    configuration.warnings = reader.critic.warnings(file: file)
    return (configuration, reader.critic)
  }

  private mutating func configuration(_ root: YAMLNode) -> Configuration? {
    guard case .mapping = root.content else {
      checker.report(root.mark, "the file must be a mapping, this is \(root.kindName)")
      return nil
    }
    if Self.isScenario(root) {
      checker.report(
        root.mark, "this is a scenario, not a configuration of the proxy; run it with weir simulate"
      )
      return nil
    }
    guard case .section(let top)? = checker.check(root, .object(Schema.weir), "")?.value else {
      return nil
    }
    var result = Configuration(document: ConfigurationDocument(top))
    result.workers = top.integer("workers")
    if top.has("admin") {
      let admin = top.section("admin")
      result.adminAddress = admin.text("address").flatMap { SocketAddress($0) }
      result.adminSocketMode = SocketModeReader.read(admin, result.adminAddress, &checker)
      result.adminPublic = admin.text("public").flatMap { SocketAddress($0) }
      result.adminHosts = admin.texts("hosts").map { $0.lowercased() }
      if let shared = result.adminPublic, shared == result.adminAddress, shared.port != 0 {
        checker.report(admin.mark("public"), "admin.address is \(shared) too; change one")
      }
    }
    result.clientAddress = top.text("client_address").flatMap {
      Configuration.ClientAddress(rawValue: $0)
    }
    result.trustedProxies = top.texts("trusted_proxies").compactMap { CIDR($0) }
    result.trustedWorkloads = top.texts("trusted_proxies").compactMap { SPIFFEPattern($0) }
    readPlace(top, &result)
    result.connectionsMax = top.section("limits").integer("connections") ?? 0
    result.bufferBytesMax = top.section("limits").quantity("buffers") ?? 0
    readDrain(top, &result)
    readTelemetry(top.section("telemetry"), &result)
    upstreamNames = Self.upstreamNames(root)
    areUpstreamsKnown = top.has("upstreams") || !top.isMeant("upstreams")
    var listenerNames: Set<String> = []
    var listenerAddresses: Set<SocketAddress> = []
    readUpstreams(top, &result)
    for item in top.list("listeners") {
      guard case .section(let section) = item.value,
        let listener = listener(section)
      else { continue }
      if !listenerNames.insert(listener.name).inserted {
        checker.report(
          section.mark("name"), "two listeners are named \(listener.name); rename one")
      }
      let address = listener.address
      if !listenerAddresses.insert(address).inserted, address.port != 0 {
        checker.report(
          section.mark("address"), "two listeners have the address \(address); change one")
      }
      result.listeners.append(listener)
    }
    for (key, address) in [("address", result.adminAddress), ("public", result.adminPublic)] {
      guard let address, address.port != 0,
        let listener = result.listeners.first(where: { $0.address == address })
      else { continue }
      checker.report(
        top.section("admin").mark(key),
        "the listener \(listener.name) has the address \(address) too; change one")
    }
    return result
  }

  private mutating func readUpstreams(_ top: Section, _ result: inout Configuration) {
    for entry in top.map("upstreams") {
      guard case .section(let section) = entry.value.value else { continue }
      var upstream = UpstreamReader.read(entry.name, section, &checker)
      upstream.tls = tlsReader.upstream(section, &checker)
      upstream.tls?.applicationProtocol = upstream.applicationProtocol
      if upstream.applicationProtocol == .tcp { tunnelUpstreams.insert(upstream.name) }
      result.upstreams.append(upstream)
      critic.add(upstream, section)
    }
  }

  private mutating func readPlace(_ top: Section, _ result: inout Configuration) {
    result.zone = top.text("zone")
    let name = top.text("priority_header") ?? ""
    checker.hold(
      FieldChecker.isToken(name), top, "priority_header",
      "\"\(name)\" is not a field name; it may hold no space or colon")
    result.priorityHeader = name.lowercased()
  }

  private mutating func readDrain(_ top: Section, _ result: inout Configuration) {
    let drain = top.section("drain")
    result.drainDelay = drain.duration("delay") ?? .zero
    result.drainTimeout = drain.duration("timeout") ?? .zero
    if result.drainDelay > result.drainTimeout {
      checker.report(
        drain.mark("delay"), "drain.delay is longer than drain.timeout, which includes it")
    }
  }

  private mutating func loggedFields(_ log: Section, _ key: String) -> [String] {
    let names = log.texts(key).map { $0.lowercased() }
    checker.hold(
      names.count <= Self.loggedFieldsMax, log, key,
      "at most \(Self.loggedFieldsMax) fields can be logged, not \(names.count); a line is bounded")
    for name in names {
      checker.hold(
        FieldChecker.isToken(name) && name.utf8.count <= 64, log, key,
        "\"\(name)\" is not a field name; it may hold no space or colon, and 64 bytes")
      checker.hold(
        !Self.secretFields.contains(name), log, key,
        "\(name) holds what must not stand in a log; take it out")
    }
    return names
  }

  /// So many fields of requests are logged at most, and so many of answers.
  static let loggedFieldsMax = 8

  static let secretFields: Set<String> = [
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-vault-token",
    "x-consul-token",
    "x-api-key",
  ]

  private mutating func readTelemetry(_ telemetry: Section, _ result: inout Configuration) {
    if telemetry.has("access_log") {
      let log = telemetry.section("access_log")
      result.accessLog = Configuration.AccessLog(
        path: log.text("path") ?? "-", sample: log.integer("sample") ?? 1,
        requestHeaders: loggedFields(log, "request_headers"),
        responseHeaders: loggedFields(log, "response_headers"))
    }
    result.logFormat =
      telemetry.section("log").text("format").flatMap { Configuration.LogFormat(rawValue: $0) }
      ?? .logfmt
    result.instance = telemetry.text("instance")
    let explain = telemetry.section("explain")
    result.explainSlow = explain.duration("slow")
    result.explainEntries = explain.integer("entries") ?? 0
    result.marksErrors = explain.boolean("request_id")
    result.endpointMetricsMax = telemetry.section("metrics").integer("endpoints") ?? 0
    let names = telemetry.section("tracing").texts("propagate")
    result.propagatesW3C = names.contains("w3c")
    result.propagatesB3 = names.contains("b3")
    result.addsVia = telemetry.boolean("via")
  }

  // MARK: Listeners

  /// Whoever misspelt `listeners` in a configuration has upstreams in it; a scenario has neither.
  private static func isScenario(_ root: YAMLNode) -> Bool {
    let names = root.keys
    return names.contains("services") && names.contains { $0 == "clients" || $0 == "duration" }
      && !names.contains("listeners") && !names.contains("upstreams")
  }

  /// Those with faults too: that a route leads to one is none.
  private static func upstreamNames(_ root: YAMLNode) -> Set<String> {
    guard case .mapping(let entries) = root.content,
      let upstreams = entries.first(where: { $0.key == "upstreams" })
    else { return [] }
    return upstreams.value.keys
  }

  private mutating func listener(_ section: Section) -> ListenerConfiguration? {
    // Before anything may be missing: every fault is reported at once.
    let mergesSlashes = section.section("path_normalization").boolean("merge_slashes")
    let pathFault = pathFault
    var reader = RouteReader(
      upstreams: areUpstreamsKnown ? upstreamNames : nil,
      pathFault: { pathFault($0, mergesSlashes) })
    let routes = reader.read(
      section.list("routes"), of: section.text("name") ?? "the listener", &checker)
    let target = TunnelReader.read(section, reader, tunnelUpstreams, &checker)
    TunnelReader.judge(routes, reader.sections, tunnelUpstreams, &checker)
    guard let name = section.text("name"),
      let address = section.text("address").flatMap({ SocketAddress($0) })
    else { return nil }
    critic.add(routes, reader.sections, of: name, at: address)
    if let target { critic.add(tunnelTo: target) }
    let limits = section.section("limits")
    let timeouts = section.section("timeouts")
    let rate = section.section("request_body_rate")
    var tls = tlsReader.listener(section, &checker)
    if target != nil { tls?.applicationProtocol = .tcp }
    return ListenerConfiguration(
      name: name, address: address,
      routes: routes,
      requestHeadBytesMax: limits.quantity("request_head") ?? 0,
      fieldsMax: limits.integer("fields") ?? 0,
      targetBytesMax: limits.quantity("request_target") ?? 0,
      requestBodyBytesMax: limits.quantity("request_body"),
      requestsPerConnectionMax: limits.quantity("requests_per_connection"),
      requestHeadTimeout: timeouts.duration("request_head") ?? .zero,
      idleTimeout: timeouts.duration("idle") ?? .zero,
      writeStallTimeout: timeouts.duration("write_stall") ?? .zero,
      bodyBytesPerSecondMin: rate.integer("bytes_per_second") ?? 0,
      bodyRateWindow: rate.duration("window") ?? .zero,
      socketMode: SocketModeReader.read(section, address, &checker),
      mergesSlashes: mergesSlashes,
      answersHalfClosed: section.boolean("answer_half_closed"),
      authorization: AuthorizationReader.read(
        section, { pathFault($0, mergesSlashes) }, &checker),
      upstream: target, takesProxyHeader: section.boolean("proxy_protocol"), tls: tls)
  }
}
