/// Whether a policy acts, or only tells what it would have done; the raw value is how it is written.
package enum PolicyMode: String, Sendable, CaseIterable {
  case enforced, shadow

  /// `mode` of a policy that refuses or ejects.
  static let key = Schema.Key(
    "mode", .choice(allCases.map(\.rawValue)), default: "enforced",
    "shadow: decides as if, counts in `weir_policy_would_refuse_total` what it would have refused, and refuses nothing."
  )

  init(_ section: Section) {
    self = section.text("mode").flatMap { PolicyMode(rawValue: $0) } ?? .enforced
  }
}
