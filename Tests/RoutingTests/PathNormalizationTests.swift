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
    ("/a%3b/b%2fc", "/a%3B/b%2Fc"), ("/a%2Fb;v=1/", "/a%2Fb;v=1/"),
    ("/%C3%A9/%e0%a4%85", "/%C3%A9/%E0%A4%85"),
    ("/%C0/%E9t%C1", "/%C0/%E9t%C1"), ("/%F0%9F%98%80%C0", "/%F0%9F%98%80%C0"),
    ("/%C1%BF", "/%C1%BF"),
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

  /// Runs of `/` may mean something; dot segments go all the same.
  @Test(arguments: [
    ("//a", "//a"), ("/a//b", "/a//b"), ("/a///", "/a///"), ("/a//../b", "/a/b"),
    ("/a/.//b", "/a//b"),
    ("//%41", "//A"), ("/", "/"), ("//..", "/"), ("///./", "///"),
  ])
  func keepsRunsOfSlashes(path: String, expected: String) {
    let out = Buffer(capacity: 256)
    switch PathNormalization.normalize(
      Array(path.utf8).span, mergesSlashes: false, into: out)
    {
    case .unchanged: #expect(path == expected)
    case .rewritten:
      let span = out.readable
      let text = String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
      #expect(text == expected)
    case .refused: Issue.record("refused \(path)")
    }
  }

  @Test(arguments: [
    "/..", "/a//../../..", "/a/../../b", "/%00", "/%zz", "/%4", "/a\\b", "/%2e%2e/x",
  ])
  func refuses(path: String) {
    expectRefused(path)
  }

  /// What another reader takes for a dot segment or an empty one.
  @Test(arguments: [
    "/a/..;/b", "/..;", "/a/..;v=1/b", "/a/.;/b", "/a/..%3b/b", "/%2e%2e;/a", "/;x/admin",
    "/a/;/admin", "/a%2f;x/b", "/a/..%2fb", "/a/..%5Cb", "/a%2f..", "/a%5c../b", "/a%2F.%2Fb",
    "/%2e%2e%2f", "/.%2fa", "/a/..%2f..%2fb", "/..;%2fa",
    "/%2fadmin", "/admin%2f", "/%2F", "/a%2f/b", "/a/%2Fb", "/a%2F%2Fb", "/%5Cadmin", "/admin%5c",
    "/a%2f%5cb", "//%2fadmin", "/admin%2f;x=1", "/a;x%2f/b",
  ])
  func refusesDisguisedSegments(path: String) {
    expectRefused(path)
  }

  /// `.`, `/`, `\` and NUL in more bytes than UTF-8 needs.
  @Test(arguments: [
    "/a%C0%AFb", "/%c0%ae%c0%ae/admin", "/a%c1%9cb", "/a%c0%80", "/%e0%80%af", "/%E0%80%AE",
    "/a%E0%81%9C",
    "/%f0%80%80%af", "/%F0%80%80%80", "/a/%C0%AE",
  ])
  func refusesOverlongEscapes(path: String) {
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
        .split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      let names = segments.map { $0.prefix { $0 != ";" } }
      #expect(!names.contains(".") && !names.contains(".."), "\(path)")
      // An empty one is none that is merged, but for the end of a directory's path.
      #expect(!names.dropLast().contains(""), "\(path)")
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
