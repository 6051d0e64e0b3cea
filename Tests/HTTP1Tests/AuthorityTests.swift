import HTTP1
import HTTPModel
import Primitives
import Testing

/// Which hosts a request may name: one spelling each, so that a route by host cannot be passed by.
struct AuthorityTests {
  private func fault(host: String) -> HeadFault? {
    let bytes = Array("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
    var decoder = RequestDecoder(limits: HeadLimits())
    do throws(HeadFault) {
      _ = try decoder.decode(bytes.span, into: HTTP1RequestHead())
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    "a", "a.test", "a.test.", "A-b_c~.test:80", "a:", "a:65535", "10.0.0.1:1", "[::1]:8", "[::]",
    "[2001:db8::1]", "[::ffff:10.0.0.1]", "[1:2:3:4:5:6:7:8]", "",
  ])
  func accepts(host: String) {
    #expect(fault(host: host) == nil)
  }

  @Test(arguments: [
    "a%zz", "a%2etest", "a:65536", "a:99999", "a:000080", "a:8o", "[:::::]", "[]", "[::1", "[::1]x",
    "[1::2::3]", "[1:2:3:4:5:6:7]", "[12345::]", "[::1.2.3]", "[::1.2.3.256]", "[::01.2.3.4]",
    "[1:]", "[:1]", "[v1.a]", "[::1%25lo]", "a..test", ".a", ".", "a.test..", "a@b", "a,b",
  ])
  func refuses(host: String) {
    #expect(fault(host: host) == .badHost)
  }

  /// RFC 1035 §2.3.4.
  @Test func capsTheHost() {
    let longest = String(repeating: "a.", count: 127) + "a"
    #expect(fault(host: longest) == nil)
    #expect(fault(host: longest + ":8080") == nil)
    #expect(fault(host: longest + "b") == .badHost)
    #expect(fault(host: "a" + String(repeating: ".", count: 8000) + "x") == .badHost)
  }

  /// What stands in brackets is what `IPAddress` reads as an IPv6 address, on texts from seeds.
  @Test func agreesOnIPv6WithIPAddress() {
    var random = RandomSource(seed: 3)
    let alphabet = ["0", "1", "f", "ffff", ":", "::", ":", "10.0.0.1", ".", "255"]
    var accepted = 0
    for _ in 0..<20_000 {
      let text = (0...random.below(10)).map { _ in
        alphabet[Int(random.below(UInt32(alphabet.count)))]
      }.joined()
      let expected = text.contains(":") && IPAddress(text) != nil
      if expected { accepted += 1 }
      #expect((fault(host: "[\(text)]") == nil) == expected, "\(text)")
    }
    #expect(accepted > 100)
  }
}
