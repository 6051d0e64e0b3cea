/// Keys of authorization.
extension Schema {
  static let authorization = Key(
    "authorize", .object(authorizationKeys),
    "Who may do what; the listener's and the route's must both allow. Denied: 403 `authorization_denied`. Left out: anybody may do anything."
  )

  private static let authorizationKeys: [Key] = [
    Key(
      "default", .choice(["allow", "deny"]), isRequired: true,
      "What holds where no rule matches."),
    Key(
      "mode", .choice(PolicyMode.allCases.map(\.rawValue)), default: "enforced",
      "shadow: counts what it would have refused in `weir_authorization_denied_total`, and refuses nothing."
    ),
    Key(
      "rules", .list(.object(authorizationRule)),
      "Tried in order; the first that matches decides. Left out: none."),
  ]

  private static let authorizationRule: [Key] = [
    Key("action", .choice(["allow", "deny"]), isRequired: true, "What it decides."),
    Key(
      "from", .oneOrMany(.text("a SPIFFE id")),
      "Whom it means by a verified certificate: an id, `spiffe://domain/path/*`, `spiffe://domain/*`, or a list. Left out: anybody, with a certificate or without."
    ),
    Key("method", .list(.text("a method")), "One of these. Left out: any."),
    Key(
      "prefix", .text("a path that begins with /"),
      "Paths below it, on segment boundaries, as a route's."),
    Key("path", .text("a path that begins with /"), "This path and no other."),
  ]
}
