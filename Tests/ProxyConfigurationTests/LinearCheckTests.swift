import Testing

@testable import ProxyConfiguration

/// Checking costs what the file's length is, whatever is in it.
struct LinearCheckTests {
  private static func faults(_ text: String) -> [ConfigurationFault] {
    do throws(ConfigurationFaults) {
      _ = try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
      return []
    } catch {
      return error.faults
    }
  }

  private static let head = """
    listeners:
      - name: a
        address: 127.0.0.1:80
        routes:

    """

  /// So many routes, upstreams and endpoints each; every route retries and wants a subset.
  private static func mesh(_ count: Int) -> String {
    var text = head
    for index in 0..<count {
      text += "      - { name: r\(index), match: { prefix: /r\(index) }, upstream: u\(index), "
      text += "retry: {}, subset: { a: b } }\n"
      // All lead to the first too, which has as many endpoints as there are routes.
      text += "      - { name: s\(index), match: { prefix: /s\(index) }, upstream: all, retry: {}, "
      text += "subset: { a: b } }\n"
    }
    text += "upstreams:\n"
    let endpoint = "metadata: { a: b } }"
    let all = (0..<count).map { "{ address: \"h\($0):1\", \(endpoint)" }.joined(separator: ", ")
    text += "  all: { endpoints: [\(all)] }\n"
    for index in 0..<count {
      text += "  u\(index): { endpoints: [{ address: \"h\(index):1\", \(endpoint)] }\n"
    }
    return text
  }

  @Test func lookUpsGrowAsTheFileDoes() throws {
    let counts = try [50, 200].map { count in
      try ConfigurationReader.judge(
        Array(Self.mesh(count).utf8), "f", { _ in nil }, { _, _ in nil }
      ).critic.lookUps
    }
    #expect(counts[0] > 50)
    #expect(counts[1] <= counts[0] * 4, "\(counts)")
  }

  @Test func tellsTheFirstHundredAndHowManyMore() {
    let keys = (0..<100_000).map { "key\($0): 1\n" }.joined()
    let faults = Self.faults(keys)
    #expect(faults.count == SchemaChecker.faultsMax + 1)
    #expect(faults.first?.line == 1 && faults[99].line == 100)
    // A required key is missing beside them.
    #expect(
      faults.last?.message == "this and 99900 more faults are not shown; mend those above first",
      "\(faults.last?.message ?? "")")
  }

  /// Names are compared with so many others only, for a mistake costs a comparison with each.
  @Test func namesThatAreNotThereAreComparedWithinABound() {
    let count = 3000
    var text = Self.head
    for index in 0..<count {
      text += "      - { name: r\(index), match: { prefix: /r\(index) }, upstream: v\(index) }\n"
    }
    text += "upstreams:\n"
    for index in 0..<count { text += "  u\(index): { endpoints: [127.0.0.1:1] }\n" }
    let faults = Self.faults(text)
    #expect(faults.count == SchemaChecker.faultsMax + 1)
    #expect(faults[0].message == "there is no upstream v0; did you mean u0?")
    #expect(faults[99].message == "there is no upstream v99; add it under upstreams")
  }

  @Test func warningsAreBoundedToo() throws {
    var text = Self.head
    for index in 0..<300 { text += "      - { name: r\(index), match: {}, respond: {} }\n" }
    let warnings = try ConfigurationReader.read(
      Array(text.utf8), file: "f", environment: { _ in nil }
    ).warnings
    #expect(warnings.count == 101)
    #expect(warnings.last?.message == "this and 198 more warnings are not shown")
  }
}
