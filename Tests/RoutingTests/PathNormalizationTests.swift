import Primitives
import Routing
import Testing

struct PathNormalizationTests {
  @Test(arguments: [
    ("/a/b", "/a/b"), ("/a//b", "/a/b"), ("/a/./b", "/a/b"), ("/a/../b", "/b"),
    ("/a/%2e%2E/b", "/b"), ("/%41", "/A"), ("/a%2fb", "/a%2Fb"), ("/a/..", "/"), ("/a/", "/a/"),
    ("/%7Euser", "/~user"), ("/a/.", "/a/"), ("/.well-known", "/.well-known"),
    ("/a;v=1/b", "/a;v=1/b"), ("/;id=1", "/;id=1"), ("/a%2Fb%5Cc", "/a%2Fb%5Cc"),
    ("/a..%2Fb", "/a..%2Fb"), ("/...;x", "/...;x"), ("/%252e%252e/", "/%252e%252e/"),
    ("/a%3b/%2f", "/a%3B/%2F"),
  ])
  func rewrites(path: String, expected: String) {
    let out = Buffer(capacity: 256)
    switch PathNormalization.normalize(Array(path.utf8).span, into: out) {
    case .unchanged: #expect(path == expected)
    case .rewritten:
      var text: [UInt8] = []
      for index in out.readable.indices { text.append(out.readable[index]) }
      #expect(String(decoding: text, as: UTF8.self) == expected)
    case .refused: Issue.record("refused \(path)")
    }
  }

  @Test(arguments: ["/..", "/a/../../b", "/%00", "/%zz", "/%4", "/a\\b", "/%2e%2e/x"])
  func refuses(path: String) {
    expectRefused(path)
  }

  /// What another reader takes for a dot segment or an empty one.
  @Test(arguments: [
    "/a/..;/b", "/..;", "/a/..;v=1/b", "/a/.;/b", "/a/..%3b/b", "/%2e%2e;/a", "/;x/admin",
    "/a/;/admin", "/a%2f;x/b", "/a/..%2fb", "/a/..%5Cb", "/a%2f..", "/a%5c../b", "/a%2F.%2Fb",
    "/%2e%2e%2f", "/.%2fa", "/a/..%2f..%2fb", "/..;%2fa",
  ])
  func refusesDisguisedSegments(path: String) {
    expectRefused(path)
  }

  /// However a service reads escapes and parameters, what is let pass has no dot segment left. On
  /// paths from seeds.
  @Test(arguments: UInt64(0)..<8)
  func leavesNoDotSegmentToAnyReader(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let parts = ["/", "/", "a", ".", "..", ";", "%2f", "%5C", "%3b", "%2e", "%2E.", "%41", ";v=1"]
    var passed = 0
    for _ in 0..<4000 {
      let path =
        "/"
        + (0...random.below(8)).map { _ in parts[Int(random.below(UInt32(parts.count)))] }.joined()
      let out = Buffer(capacity: 256)
      var read: [UInt8] = Array(path.utf8)
      switch PathNormalization.normalize(read.span, into: out) {
      case .refused: continue
      case .unchanged: break
      case .rewritten:
        read = []
        for index in out.readable.indices { read.append(out.readable[index]) }
      }
      passed += 1
      let segments = String(decoding: read, as: UTF8.self)
        .replacing("%2F", with: "/").replacing("%5C", with: "/").replacing("%3B", with: ";")
        .split(separator: "/")
      let names = segments.map { $0.prefix { $0 != ";" } }
      #expect(!names.contains(".") && !names.contains(".."), "\(path)")
    }
    #expect(passed > 500)
  }

  private func expectRefused(_ path: String) {
    let out = Buffer(capacity: 256)
    let outcome = PathNormalization.normalize(Array(path.utf8).span, into: out)
    #expect(outcome == .refused)
    #expect(out.isEmpty)
  }
}
