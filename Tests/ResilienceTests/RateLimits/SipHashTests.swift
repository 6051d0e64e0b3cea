import Resilience
import Testing

struct SipHashTests {
  /// Key 00…0f, input 00…0n: what OpenSSL's SIPHASH of 16 bytes gives.
  @Test(arguments: [
    (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
    (8, "3b62a9ba6258f5610f83e264f31497b4"), (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
  ])
  func itIsThePublishedFunction(length: Int, digest: String) {
    let input = (0..<length).map { UInt8($0) }
    let hash = SipHash.hash(
      input.span, seed: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908))
    let bytes = [hash.0, hash.1].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }
    let text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(text == digest)
  }
}
