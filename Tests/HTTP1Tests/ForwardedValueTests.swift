import HTTP1
import HTTPModel
import Primitives
import Testing

/// What hops say of their clients, in the forms that are met.
struct ForwardedValueTests {
  private func hops(_ text: String) -> [ForwardedNode]? {
    let bytes = Array(text.utf8)
    var nodes: [ForwardedNode] = []
    return ForwardedValue.eachHop(bytes.span, { nodes.append($0) }) ? nodes : nil
  }

  private func address(_ text: String) throws -> ForwardedNode {
    .address(try #require(IPAddress(text)))
  }

  @Test(arguments: [
    ("192.0.2.60", "192.0.2.60"), ("192.0.2.60:4711", "192.0.2.60"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("[2001:db8::1]:443", "2001:db8::1"), ("2001:DB8:0::1", "2001:db8::1"),
    ("192.0.2.60:_hidden", "192.0.2.60"), ("::ffff:192.0.2.60", "192.0.2.60"),
  ])
  func readsNodes(text: String, address expected: String) throws {
    #expect(ForwardedNode(Array(text.utf8).span) == (try address(expected)))
  }

  @Test(arguments: [
    "unknown", "_hidden", "", "example.test", "192.0.2.60:", "192.0.2.60:port", "192.0.2.60:123456",
    "[2001:db8::1", "[2001:db8::1]x", "[192.0.2.1]443", "192.0.2.060", "1.2.3", "fe80::1%eth0",
    "2001:db8::1::2", "\u{0}", "127.1", "0x7f.0.0.1", " 192.0.2.1",
  ])
  func knowsNothingOf(text: String) {
    #expect(ForwardedNode(Array(text.utf8).span) == .unknown)
  }

  @Test func readsElements() throws {
    let found = hops(
      #"for=192.0.2.43;proto=http, For="[2001:db8::1]:80";by="a\"b,c";host=x ,, "#
        + "proto=https;for=unknown, by=203.0.113.1 ; host=y\t, for=_unix")
    #expect(
      found == [try address("192.0.2.43"), try address("2001:db8::1"), .unknown, .unknown, .local])
    #expect(hops("for=192.0.2.43:80") == [try address("192.0.2.43")])
    #expect(hops("for=[2001:db8::1]") == [try address("2001:db8::1")])
    #expect(hops(";for=192.0.2.43;;") == [try address("192.0.2.43")])
    #expect(hops("") == [])
  }

  /// Each of these would swallow or garble what the next hop appends, or says two things at once.
  @Test(arguments: [
    #"for="192.0.2.43"#, #"for=1.2.3.4, for=""#, #"for="a\"#, #"for="a\""#, "for", "for=", "=1",
    "for=a b", #"for="a"b"#, "for=1.2.3.4 5", "for=1.2.3.4;for=5.6.7.8", "a=b;c", #"for=a"b"#,
    "for=a\u{7f}",
  ])
  func refuses(text: String) {
    #expect(hops(text) == nil)
  }

  @Test func survivesDamage() {
    var random = RandomSource(seed: 11)
    let good = Array(#"for="[2001:db8::1]:80";proto=http, for=192.0.2.1;by="a\"b""#.utf8)
    var whole = 0
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0...random.below(3) {
        bytes[Int(random.below(UInt32(bytes.count)))] = UInt8(truncatingIfNeeded: random.next())
      }
      if ForwardedValue.eachHop(bytes.span, { _ in }) { whole += 1 }
    }
    #expect(whole > 100 && whole < 19_900)
  }
}
