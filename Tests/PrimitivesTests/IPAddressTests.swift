import Glibc
import Primitives
import Testing

/// Addresses as text, held against the C library's reader.
struct IPAddressTests {
  /// What inet_pton(3) makes of `text`, an IPv4 address as it is mapped into IPv6.
  private func reference(_ text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    // SAFETY: it writes 16 bytes at most, or 4, which the arrays have.
    if unsafe inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
    var four = [UInt8](repeating: 0, count: 4)
    guard unsafe inet_pton(AF_INET, text, &four) == 1 else { return nil }
    return [UInt8](repeating: 0, count: 10) + [255, 255] + four
  }

  private func bytes(_ address: IPAddress) -> [UInt8] {
    [address.high, address.low].flatMap { half in
      (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
    }
  }

  private static let texts = [
    "127.0.0.1", "255.255.255.255", "0.0.0.0", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
    "1..2.3",
    "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1::2::3", ":1", "1:", ":::", "12345::", "g::",
    "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4", "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5", "", ":", "1", "fe80::1%lo", "[::1]", "0:0:0:0:0:0:0:0", "FFFF::aBcD",
    "64:ff9b::1.2.3.4",
  ]

  @Test(arguments: texts) func readsWhatTheLibraryReads(text: String) {
    #expect(IPAddress(text).map(bytes) == reference(text))
  }

  @Test func readsWhatTheLibraryReadsOfRandomText() {
    var random = RandomSource(seed: 5)
    let letters = Array("0123456789abcdefF.::::::".utf8)
    var good = 0
    for _ in 0..<50_000 {
      let text: String
      if random.below(2) == 0 {
        text = String(
          decoding: (0..<Int(random.below(24))).map { _ in
            letters[Int(random.below(UInt32(letters.count)))]
          }, as: UTF8.self)
      } else {
        var bytes = Array(Self.texts[Int(random.below(UInt32(Self.texts.count)))].utf8)
        if !bytes.isEmpty {
          bytes[Int(random.below(UInt32(bytes.count)))] =
            letters[Int(random.below(UInt32(letters.count)))]
        }
        text = String(decoding: bytes, as: UTF8.self)
      }
      let found = IPAddress(text).map(bytes)
      #expect(found == reference(text), "\(text)")
      if found != nil { good += 1 }
    }
    #expect(good > 2_000)
  }

  @Test(arguments: ["127.0.0.1", "203.0.113.255", "0.10.100.9", "2001:db8::1", "::", "::1"])
  func writesWhatItDescribes(text: String) throws {
    let address = try #require(IPAddress(text))
    var out: [UInt8] = []
    address.append(to: &out)
    #expect(String(decoding: out, as: UTF8.self) == text)
    #expect("\(address)" == text)
  }
}
