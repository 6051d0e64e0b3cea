import Primitives
import Routing
import Testing

/// Who may do what: every part of a rule against every peer, in order.
struct AuthorizationPolicyTests {
  private static let a = SPIFFEID("spiffe://td/ns/a")
  private static let b = SPIFFEID("spiffe://td/ns/b")

  private func allows(
    _ policy: AuthorizationPolicy, _ identity: SPIFFEID?, _ method: String = "GET",
    _ path: String = "/"
  ) -> Bool {
    let (method, path) = (Array(method.utf8), Array(path.utf8))
    return policy.allows(identity, method: method.span, path: path.span)
  }

  private func allowsConnection(_ policy: AuthorizationPolicy, _ identity: SPIFFEID?) -> Bool {
    policy.allows(by: policy.decidingRule(ofConnectionBy: identity))
  }

  private func patterns(_ texts: String...) -> [SPIFFEPattern] {
    texts.compactMap { SPIFFEPattern($0) }
  }

  @Test(arguments: [AuthorizationRule.Action.allow, .deny])
  func withoutRulesTheDefaultHolds(_ otherwise: AuthorizationRule.Action) {
    let policy = AuthorizationPolicy(rules: [], otherwise: otherwise)
    for identity in [nil, Self.a] {
      #expect(allows(policy, identity) == (otherwise == .allow))
      #expect(allowsConnection(policy, identity) == (otherwise == .allow))
    }
  }

  @Test func theFirstThatMatchesDecides() {
    let rules = [
      AuthorizationRule(action: .deny, from: patterns("spiffe://td/ns/a")),
      AuthorizationRule(action: .allow, from: patterns("spiffe://td/*")),
    ]
    let policy = AuthorizationPolicy(rules: rules, otherwise: .deny)
    #expect(!allows(policy, Self.a) && allows(policy, Self.b) && !allows(policy, nil))
    let places = [Self.a, Self.b, nil].map { identity -> Int? in
      let nothing: [UInt8] = []
      return policy.decidingRule(identity, method: nothing.span, path: nothing.span)
    }
    #expect(places == [0, 1, nil])
    let turned = AuthorizationPolicy(rules: rules.reversed(), otherwise: .deny)
    #expect(allows(turned, Self.a) && allows(turned, Self.b) && !allows(turned, nil))
  }

  /// Whoever has proved nothing is nobody, also where somebody is denied.
  @Test func aRuleForSomebodyNeverMeansAStranger() {
    for action in AuthorizationRule.Action.allCases {
      let other: AuthorizationRule.Action = action == .allow ? .deny : .allow
      let policy = AuthorizationPolicy(
        rules: [AuthorizationRule(action: action, from: patterns("spiffe://td/*"))],
        otherwise: other)
      #expect(allows(policy, nil) == (other == .allow))
      #expect(allowsConnection(policy, nil) == (other == .allow))
      #expect(allows(policy, Self.a) == (action == .allow))
    }
  }

  @Test(arguments: [
    ("/fhir", true), ("/fhir/x", true), ("/fhir/", true), ("/fhirx", false), ("/fhi", false),
    ("/", false), ("/x/fhir", false), ("/FHIR", false),
  ])
  func aPrefixEndsAtASegment(_ path: String, _ isMeant: Bool) {
    let policy = AuthorizationPolicy(
      rules: [AuthorizationRule(action: .deny, path: .prefix("/fhir"))], otherwise: .allow)
    #expect(allows(policy, nil, "GET", path) == !isMeant)
    let below = AuthorizationPolicy(
      rules: [AuthorizationRule(action: .deny, path: .prefix("/fhir/"))], otherwise: .allow)
    #expect(allows(below, nil, "GET", path) == !(path == "/fhir/x" || path == "/fhir/"))
    let root = AuthorizationPolicy(
      rules: [AuthorizationRule(action: .deny, path: .prefix("/"))], otherwise: .allow)
    #expect(!allows(root, nil, "GET", path))
  }

  @Test func allPartsMustHold() {
    let rule = AuthorizationRule(
      action: .allow, from: patterns("spiffe://td/ns/a", "spiffe://other/*"),
      methods: ["POST", "PUT"], path: .exact("/orders"))
    let policy = AuthorizationPolicy(rules: [rule], otherwise: .deny)
    #expect(allows(policy, Self.a, "POST", "/orders") && allows(policy, Self.a, "PUT", "/orders"))
    #expect(allows(policy, SPIFFEID("spiffe://other/x"), "PUT", "/orders"))
    #expect(!allows(policy, Self.a, "GET", "/orders") && !allows(policy, Self.a, "post", "/orders"))
    #expect(
      !allows(policy, Self.a, "POST", "/orders/1") && !allows(policy, Self.b, "POST", "/orders"))
    #expect(!allows(policy, nil, "POST", "/orders"))
  }

  /// A rule about requests says nothing of a connection of which none can be seen.
  @Test func aConnectionIsJudgedByIdentityAlone() {
    let of = {
      (action: AuthorizationRule.Action, methods: [String], path: AuthorizationRule.Path?) in
      AuthorizationPolicy(
        rules: [
          AuthorizationRule(
            action: action, from: SPIFFEPattern("spiffe://td/*").map { [$0] } ?? [],
            methods: methods, path: path)
        ], otherwise: action == .allow ? .deny : .allow)
    }
    #expect(allowsConnection(of(.allow, [], nil), Self.a))
    #expect(!allowsConnection(of(.deny, [], nil), Self.a))
    #expect(!allowsConnection(of(.allow, ["GET"], nil), Self.a))
    #expect(allowsConnection(of(.deny, ["GET"], nil), Self.a))
    #expect(!allowsConnection(of(.allow, [], .prefix("/")), Self.a))
    #expect(allowsConnection(of(.deny, [], .exact("/a")), Self.a))
  }
}
