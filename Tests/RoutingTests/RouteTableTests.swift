import HTTP1
import HTTPModel
import Primitives
import Routing
import Testing

/// The table against the plain reading of its rules, on tables and requests made from seeds.
struct RouteTableTests {
  private func match(_ table: RouteTable, path: String, host: String, method: String) throws -> Int?
  {
    let bytes = Array("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
    var decoder = RequestDecoder(limits: HeadLimits())
    let head = RequestHead()
    let isWhole = try decoder.decode(bytes.span, into: head)
    try #require(isWhole)
    return table.match(head, in: bytes.span, path: bytes.span.extracting(head.path.bounds))
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
    let evil = "/" + String(repeating: "a", count: 5000) + "c"
    #expect(try match(table, path: evil, host: "x", method: "GET") == nil)
    #expect(throws: RouteFault.self) { _ = try RouteTable([RouteMatch(path: .regex("("))]) }
  }
}
