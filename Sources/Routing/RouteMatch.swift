/// What a request must look like for a route to take it; all parts that are given must hold.
package struct RouteMatch: Sendable, Equatable {
  package enum Path: Sendable, Equatable {
    /// On segment boundaries: `/fhir` takes `/fhir` and `/fhir/x`, not `/fhirx`; `/fhir/` only
    /// what lies below.
    case prefix(String)
    case exact(String)
    /// PCRE2 over bytes, against the whole path.
    case regex(String)
  }

  package enum HeaderValue: Sendable, Equatable {
    case exact(String)
    case present
  }

  package struct Header: Sendable, Equatable {
    package var name: String
    package var value: HeaderValue

    package init(name: String, value: HeaderValue) {
      self.name = name
      self.value = value
    }
  }

  package var path: Path
  /// Method tokens; empty: any.
  package var methods: [String]
  /// `api.ndp.test`, or `*.ndp.test` for any name below; without port, in any case; empty: any.
  package var hosts: [String]
  package var headers: [Header]

  package init(
    path: Path, methods: [String] = [], hosts: [String] = [], headers: [Header] = []
  ) {
    self.path = path
    self.methods = methods
    self.hosts = hosts
    self.headers = headers
  }
}
