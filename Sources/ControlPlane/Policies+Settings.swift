import DataPath
import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

// What the configuration says, in the terms of who serves by it.

extension ShadowPolicies {
  init(_ settings: UpstreamConfiguration) {
    self = []
    if settings.limitsMode == .shadow { formUnion([.requests, .connections]) }
    if settings.adaptiveMode == .shadow { insert(ShadowPolicies(.adaptiveConcurrency)) }
    if settings.sheddingMode == .shadow { insert(ShadowPolicies(.shedding)) }
    if settings.outlierMode == .shadow { insert(ShadowPolicies(.outlierDetection)) }
  }
}

extension RoutePolicy.Faults {
  init(_ settings: FaultConfiguration) {
    self.init(
      plan: settings.plan,
      fields: settings.headers.map {
        (FieldKey($0.name), $0.value == "*" ? nil : Array($0.value.utf8))
      })
  }
}

extension RequestKey {
  init(_ source: BalancingConfiguration.HashSource) {
    switch source {
    case .header(let name): self = .header(FieldKey(name))
    case .cookie(let name): self = .cookie(Array(name.utf8))
    case .source: self = .source
    case .identity: self = .identity
    case .path: self = .path
    }
  }
}

extension HealthQuestion {
  init(_ settings: HealthCheckConfiguration) {
    self.init(
      path: settings.path, host: settings.host, port: settings.port.map { UInt16(clamping: $0) },
      statuses: settings.statuses.map {
        UInt16(clamping: $0.lowerBound)...UInt16(clamping: $0.upperBound)
      })
  }
}
