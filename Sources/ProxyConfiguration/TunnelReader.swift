/// Reads where a listener's connections go byte for byte, and keeps HTTP and TCP apart.
enum TunnelReader {
  /// The upstream of a listener with `protocol: tcp`; nil: HTTP is spoken there, or a fault was told.
  /// `tunnels`: the upstreams with `protocol: tcp`.
  static func read(
    _ section: Section, _ routes: RouteReader, _ tunnels: Set<String>,
    _ checker: inout SchemaChecker
  ) -> String? {
    let name = section.text("name") ?? "the listener"
    guard section.text("protocol") == "tcp" else {
      checker.hold(
        !section.has("upstream"), section, "upstream",
        "\(name) speaks HTTP, whose routes say where requests go; remove upstream, or set protocol: tcp"
      )
      return nil
    }
    checker.hold(
      !section.has("routes"), section, "routes",
      "\(name) has protocol: tcp, of whose connections no route can know anything; remove routes")
    guard section.isMeant("upstream") else {
      checker.report(
        section.mark, "\(name) has protocol: tcp and needs the key upstream, where it leads to")
      return nil
    }
    guard let target = section.text("upstream"),
      routes.exists(target, section.mark("upstream"), &checker)
    else { return nil }
    checker.hold(
      tunnels.contains(target), section, "upstream",
      "\(name) has protocol: tcp and the upstream \(target) does not; set its protocol to tcp")
    return target
  }

  /// A route speaks HTTP, which nobody does to an upstream of TCP.
  static func judge(
    _ routes: [RouteConfiguration], _ sections: [Section], _ tunnels: Set<String>,
    _ checker: inout SchemaChecker
  ) {
    guard !tunnels.isEmpty else { return }
    for (route, section) in zip(routes, sections) {
      var names = route.upstreams
      if case .upstream(let name)? = route.fallback { names.append(name) }
      for name in names where tunnels.contains(name) {
        checker.report(
          section.mark("upstream"),
          "the upstream \(name) has protocol: tcp, and routes speak HTTP; give it another protocol, or name it in a listener with protocol: tcp"
        )
      }
    }
  }
}
