import Primitives

/// Who may do what, as it was configured.
package struct AuthorizationConfiguration: Sendable, Equatable {
  package struct Rule: Sendable, Equatable {
    package var allows: Bool
    /// Empty: anybody.
    package var from: [SPIFFEPattern]
    /// Empty: any.
    package var methods: [String]
    /// A path that begins with `/`, or nil: any.
    package var path: String?
    /// `path` stands for all below it.
    package var isPrefix: Bool
  }

  package var allowsOthers: Bool
  package var mode: PolicyMode
  package var rules: [Rule]
}
