import HTTP1
import HTTPModel
import Primitives
import Routing
import Testing

/// The table against the plain reading of its rules, on tables and requests made from seeds.
struct RouteTableTests {
  private func verdict(
    _ table: RouteTable, path: String, host: String = "x", method: String = "GET",
    fields: String = ""
  ) throws -> RouteVerdict {
    let bytes = Array("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n".utf8)
    var decoder = RequestDecoder(limits: HeadLimits())
    let head = HTTP1RequestHead()
    let isWhole = try decoder.decode(bytes.span, into: head)
    try #require(isWhole)
    return table.match(head, in: bytes.span, path: bytes.span.extracting(head.path.bounds))
  }

  private func match(_ table: RouteTable, path: String, host: String, method: String) throws -> Int?
  {
    guard case .matched(let position) = try verdict(table, path: path, host: host, method: method)
    else { return nil }
    return position
  }

  private func fits(_ route: RouteMatch, path: String, host: String, method: String) -> Bool {
    let pathFits =
      switch route.path {
      case .exact(let text): path == text
      case .prefix(let text):
        path == text || path.hasPrefix(text.hasSuffix("/") ? text : text + "/")
      case .regex: false
      }
    let name = String(host.split(separator: ":")[0]).lowercased()
    let hostFits =
      route.hosts.isEmpty
      || route.hosts.contains {
        $0.hasPrefix("*.")
          ? name.hasSuffix($0.dropFirst()) && name.count > $0.count - 1 : name == $0
      }
    return pathFits && hostFits && (route.methods.isEmpty || route.methods.contains(method))
  }

  @Test(arguments: UInt64(0)..<40)
  func agreesWithThePlainReading(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let segments = ["a", "b", "ab", "c"]
    let hosts = ["x.test", "y.test", "*.test", "*.x.test"]
    func path(_ random: inout RandomSource) -> String {
      let count = random.below(4)
      return count == 0
        ? "/" : (0..<count).map { _ in "/" + segments[Int(random.below(4))] }.joined()
    }
    let routes = (0..<30).map { _ in
      let text = path(&random)
      return RouteMatch(
        path: random.below(2) == 0 ? .prefix(text) : .exact(text),
        methods: random.below(3) == 0 ? ["POST"] : [],
        hosts: random.below(2) == 0 ? [hosts[Int(random.below(4))]] : [])
    }
    let table = try RouteTable(routes)
    for _ in 0..<200 {
      let text = path(&random)
      let host = ["x.test", "Y.test:80", "deep.x.test", "other"][Int(random.below(4))]
      let method = random.below(2) == 0 ? "GET" : "POST"
      let expected = routes.firstIndex { fits($0, path: text, host: host, method: method) }
      #expect(
        try match(table, path: text, host: host, method: method) == expected,
        "\(method) \(host) \(text), seed \(seed)")
    }
  }

  @Test func boundsRegularExpressions() throws {
    let table = try RouteTable([RouteMatch(path: .regex("/(a+)+b"))])
    #expect(try match(table, path: "/aaab", host: "x", method: "GET") == 0)
    let evil = "/" + String(repeating: "a", count: 5000) + "bc"
    #expect(try verdict(table, path: evil) == .gaveUp)
    #expect(throws: RouteFault.self) { _ = try RouteTable([RouteMatch(path: .regex("("))]) }
  }

  /// A pattern that could not be decided may be the one that denies: no later route takes over.
  @Test func doesNotPassByAPatternThatGaveUp() throws {
    let evil = "/" + String(repeating: "a", count: 60) + "/adminb"
    let deny = RouteMatch(path: .regex("/(a|aa|a.)*/admin"))
    let all = RouteMatch(path: .prefix("/"))
    #expect(try verdict(try RouteTable([deny, all]), path: evil) == .gaveUp)
    #expect(try verdict(try RouteTable([deny, all]), path: "/aaa/admin") == .matched(0))
    #expect(try verdict(try RouteTable([deny, all]), path: "/b") == .matched(1))
    #expect(try verdict(try RouteTable([all, deny]), path: evil) == .matched(0))
    let elsewhere = RouteMatch(path: .regex("/(a|aa|a.)*/admin"), hosts: ["y"])
    #expect(try verdict(try RouteTable([elsewhere, all]), path: evil) == .matched(1))
    #expect(try verdict(try RouteTable([]), path: evil) == .none)
  }

  @Test(arguments: ["api.test", "API.test", "api.test.", "api.test.:80", "api.test:80"])
  func takesOneDotAtAHostsEndForNothing(host: String) throws {
    for configured in ["api.test", "api.test.", "*.test", "*.test."] {
      let table = try RouteTable([RouteMatch(path: .prefix("/"), hosts: [configured])])
      #expect(try verdict(table, path: "/", host: host) == .matched(0), "\(configured)")
    }
  }

  /// A condition on a name that is told apart when it is decoded asks for that spelling alone.
  @Test func findsConditionsOnNamesWithUnderscores() throws {
    let table = try RouteTable([
      RouteMatch(path: .prefix("/"), headers: [.init(name: "User_Agent", value: .exact("a"))]),
      RouteMatch(path: .prefix("/"), headers: [.init(name: "User-Agent", value: .present)]),
    ])
    #expect(try verdict(table, path: "/", fields: "user_agent: a\r\n") == .matched(0))
    #expect(try verdict(table, path: "/", fields: "user_agent: b\r\n") == .none)
    #expect(try verdict(table, path: "/", fields: "user-agent: a\r\n") == .matched(1))
  }

  /// Every suffix is looked up, whatever their number.
  @Test func findsWildcardsInLongNames() throws {
    let name = (0..<60).map { "l\($0)" }.joined(separator: ".")
    for dropped in 1..<60 {
      let suffix = (dropped..<60).map { "L\($0)" }.joined(separator: ".")
      let table = try RouteTable([RouteMatch(path: .prefix("/"), hosts: ["*.\(suffix)"])])
      #expect(try verdict(table, path: "/", host: name) == .matched(0), "\(suffix)")
      #expect(try verdict(table, path: "/", host: suffix) == .none, "\(suffix)")
    }
  }
}
