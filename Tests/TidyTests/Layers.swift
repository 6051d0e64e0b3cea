/// Who may import whom: the design's table. A target that is not in it may not exist.
enum Layers {
  /// Beside Primitives, which everyone may import, and the modules below.
  static let imports: [String: Set<String>] = [
    "Primitives": [],
    "Reactor": ["CLinux"],
    "TLS": ["COpenSSL"],
    "Transport": ["Reactor", "TLS"],
    "HTTPModel": [],
    "HTTP1": ["HTTPModel"],
    "HTTP2": ["HTTPModel", "CNghttp2"],
    "Resilience": [],
    "Routing": ["HTTPModel", "CPCRE2"],
    "Upstreams": ["Resilience"],
    "ProxyConfiguration": ["CYaml", "Resilience", "Upstreams"],
    "Telemetry": ["CZlib"],
    "HTTPClient": ["Reactor", "TLS", "Transport", "HTTPModel", "HTTP1", "HTTP2"],
    "HTTPServer": ["Reactor", "TLS", "Transport", "HTTPModel", "HTTP1", "HTTP2"],
    "DataPath": dataPath,
    "Discovery": ["Reactor", "Upstreams", "HTTPClient", "CResolv"],
    "WorkloadIdentity": ["Reactor", "TLS", "HTTPClient"],
    "Simulation": ["Routing", "Upstreams", "Resilience", "ProxyConfiguration"],
    "ControlPlane": controlPlane,
    "Screens": ["Reactor", "ProxyConfiguration", "ControlPlane"],
    "Demo": controlPlane.union(["ControlPlane", "Screens"]),
    "weir": controlPlane.union(["ControlPlane", "Screens", "Demo"]),
    "WeirTesting": controlPlane.union(["ControlPlane", "Demo"]),
  ]

  private static let dataPath: Set<String> = [
    "Reactor", "TLS", "Transport", "HTTPModel", "HTTP1", "HTTP2", "Resilience", "Routing",
    "Upstreams", "Telemetry", "HTTPClient",
  ]

  private static let controlPlane = dataPath.union([
    "ProxyConfiguration", "HTTPServer", "DataPath", "Discovery", "WorkloadIdentity", "Simulation",
  ])

  /// Modules that are not ours, and who may use them; nil: everyone. Full Foundation is nobody's.
  static let modules: [String: Set<String>?] = [
    "Synchronization": nil,
    "Glibc": ["Primitives", "Reactor", "Discovery", "WeirTesting"],
    "Dispatch": ["Reactor", "Telemetry", "Discovery", "ControlPlane", "Screens", "Demo", "weir"],
    "FoundationEssentials": ["ControlPlane", "Demo", "weir"],
    "Logging": ["ControlPlane", "Demo", "weir"],
    "ArgumentParser": ["weir"],
    "Histogram": ["Demo"],
    // Behind traits of their own.
    "CoreMetrics": ["Resilience"],
    "Tracing": ["Resilience"],
  ]

  /// Where C is called, or memory is managed by hand (rule 7 of ARCHITECTURE.md).
  static let unsafe: Set<String> = [
    "Primitives", "Reactor", "TLS", "HTTP2", "ProxyConfiguration", "Routing", "Discovery",
    "Telemetry", "WeirTesting",
  ]

  static func mayImport(_ target: String, _ module: String) -> Bool {
    guard let own = imports[target] else { return false }
    if let users = modules[module] { return users?.contains(target) ?? true }
    return module == "Primitives" || own.contains(module)
  }
}
