import Resilience

/// A route as it was configured; where it stands in the file, for faults found later.
package struct RouteConfiguration: Sendable, Equatable {
  package enum Path: Sendable, Hashable {
    case prefix(String)
    case exact(String)
    case regex(String)
  }

  package enum Action: Sendable, Equatable {
    case forward(String)
    case split([Share])
    case redirect(scheme: String?, host: String?, path: String?, status: Int)
    case respond(status: Int, body: String, contentType: String)

    /// Where requests may go.
    package var upstreams: [String] {
      switch self {
      case .forward(let name): [name]
      case .split(let shares): shares.map(\.upstream)
      case .redirect, .respond: []
      }
    }
  }

  package struct Share: Sendable, Equatable {
    package var upstream: String
    package var weight: Int
  }

  package struct Field: Sendable, Hashable {
    package var name: String
    package var value: String
  }

  package struct Edits: Sendable, Equatable {
    package var set: [Field] = []
    package var add: [Field] = []
    package var remove: [String] = []
  }

  /// Which requests a route takes, whatever order its lists are written in.
  package struct Match: Sendable, Hashable {
    package let path: Path
    package let methods: Set<String>
    /// In lower case, as hosts are compared.
    package let hosts: Set<String>
    package let headers: [Field]
  }

  /// Its position among the listener's routes where it has none.
  package var name: String
  package var isNamed = true
  package var path: Path
  package var methods: [String]
  package var hosts: [String]
  /// A value of "*": the field must be there.
  package var headers: [Field]
  package var action: Action
  package var rewritePrefix: String?
  /// Nil: whoever the listener lets through.
  package var authorization: AuthorizationConfiguration?
  package var requestEdits: Edits
  package var responseEdits: Edits
  package var timeout: Duration?
  package var totalTimeout: Duration?
  package var retry: RetryPolicy?
  package var hedge: HedgePolicy?
  /// All of them must let a request through.
  package var rateLimits: [RateLimitConfiguration]
  package var priority: RequestPriority
  package var circuitBreaker: BreakerConfiguration?
  package var fallback: FallbackSettings?
  package var fault: FaultConfiguration?
  /// By name; endpoints must have all of it. Empty: any endpoint.
  package var subset: [Field]
  package var line: Int
  package var column: Int

  package var match: Match {
    Match(
      path: path, methods: Set(methods), hosts: Set(hosts.map { $0.lowercased() }),
      headers: headers)
  }

  /// Where requests may go, the fallback not counted.
  package var upstreams: [String] { action.upstreams }
}
