import Primitives
import Routing
import Testing

struct PathNormalizationTests {
  @Test(arguments: [
    ("/a/b", "/a/b"), ("/a//b", "/a/b"), ("/a/./b", "/a/b"), ("/a/../b", "/b"),
    ("/a/%2e%2E/b", "/b"), ("/%41", "/A"), ("/a%2fb", "/a%2Fb"), ("/a/..", "/"), ("/a/", "/a/"),
    ("/%7Euser", "/~user"), ("/a/.", "/a/"), ("/.well-known", "/.well-known"),
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
    let out = Buffer(capacity: 256)
    let outcome = PathNormalization.normalize(Array(path.utf8).span, into: out)
    #expect(outcome == .refused)
    #expect(out.isEmpty)
  }
}
