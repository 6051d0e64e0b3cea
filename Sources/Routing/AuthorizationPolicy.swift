import Primitives

/// Who may do what: rules in order, of which the first that matches decides.
///
/// A value that takes what is known and answers; it knows no connection. The path that it is given must be
/// the one that routes match, normalised: another spelling of a path would pass a rule by. Cost: linear in
/// the rules. Consul's intentions have the same shape.
package struct AuthorizationPolicy: Sendable, Equatable {
  package var rules: [AuthorizationRule]
  /// What holds where no rule matches.
  package var otherwise: AuthorizationRule.Action
  /// It refuses nothing, and tells what it would have refused.
  package var isShadow: Bool

  package init(
    rules: [AuthorizationRule], otherwise: AuthorizationRule.Action, isShadow: Bool = false
  ) {
    self.rules = rules
    self.otherwise = otherwise
    self.isShadow = isShadow
  }

  /// Whether a request may go on. `identity`: the peer's, verified; nil: it has shown none.
  package func allows(
    _ identity: SPIFFEID?, method: Span<UInt8>, path: Span<UInt8>
  ) -> Bool {
    allows(by: decidingRule(identity, method: method, path: path))
  }

  /// The place of the rule that decides; nil: none matches, and the default holds.
  package func decidingRule(
    _ identity: SPIFFEID?, method: Span<UInt8>, path: Span<UInt8>
  ) -> Int? {
    rules.firstIndex { $0.means(identity) && $0.means(method: method, path: path) }
  }

  /// What the rule at that place says, or the default.
  package func allows(by rule: Int?) -> Bool {
    (rule.map { rules[$0].action } ?? otherwise) == .allow
  }

  /// The place of the rule that decides on a connection of whose requests nothing is known; nil: none matches,
  /// and the default holds. A rule about requests does not apply to it: neither does it allow what it cannot
  /// see, nor deny it.
  package func decidingRule(ofConnectionBy identity: SPIFFEID?) -> Int? {
    rules.firstIndex { $0.isOfConnections && $0.means(identity) }
  }
}
