/// A policy that can be watched before it acts; the raw value is its name in metrics, logs and
/// explanations, that of its key in the configuration.
package enum ShadowPolicy: String, Sendable, CaseIterable {
  case rateLimit = "rate_limit"
  case adaptiveConcurrency = "adaptive_concurrency"
  case shedding
  /// `limits.requests`.
  case requests = "limits.requests"
  /// `limits.connections`: the request would have waited for a connection.
  case connections = "limits.connections"
  /// The endpoint would have been ejected; no request is refused for that.
  case outlierDetection = "outlier_detection"
}

/// A set of policies: those that are in shadow, or those that would have refused a request.
package struct ShadowPolicies: OptionSet, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package init(_ policy: ShadowPolicy) {
    let place = ShadowPolicy.allCases.firstIndex(of: policy) ?? 0
    rawValue = 1 << UInt8(place)
  }

  package static let requests = ShadowPolicies(.requests)
  package static let connections = ShadowPolicies(.connections)
  /// A listener's or a route's: no upstream has a ledger of it.
  package static let authorization = ShadowPolicies(rawValue: 1 << 7)

  package func contains(_ policy: ShadowPolicy) -> Bool { contains(ShadowPolicies(policy)) }

  package var names: [String] {
    (contains(Self.authorization) ? ["authorize"] : [])
      + ShadowPolicy.allCases.filter(contains).map(\.rawValue)
  }
}
