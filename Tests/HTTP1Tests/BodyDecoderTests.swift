import HTTP1
import HTTPModel
import Primitives
import Testing

struct BodyDecoderTests {
  /// The payload of `text` when it arrives `size` bytes at a time; nil: not complete.
  private func payload(_ text: String, size: Int) throws(BodyFault) -> String? {
    let decoder = BodyDecoder(framing: .chunked)
    var result: [UInt8] = []
    var pending: [UInt8] = []
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let end = min(start + size, bytes.count)
      pending += bytes[start..<end]
      start = end
      while true {
        let step = try decoder.decode(pending.span)
        result += pending[step.framing..<step.framing + step.payload]
        pending.removeFirst(step.framing + step.payload)
        if step.isComplete { return String(decoding: result, as: UTF8.self) }
        if step.isStuck { break }
      }
    }
    return nil
  }

  @Test(arguments: 1...40)
  func decodesChunksAtEverySize(size: Int) throws {
    let text = "5\r\nhello\r\n6;name=value\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"
    #expect(try payload(text, size: size) == "hello world")
  }

  /// Blanks before an extension and at the line's end; leading zeros, up to 32 digits.
  @Test(arguments: [
    "5 ; a = \"b\"", "5\t;a", "5 ", "5 \t ", "0000000000000005",
    "00000000000000000000000000000005",
  ])
  func readsSizes(line: String) throws {
    for size in 1...line.utf8.count {
      #expect(try payload("\(line)\r\nhello\r\n0\r\n\r\n", size: size) == "hello")
    }
  }

  @Test(arguments: [
    ("g\r\n", BodyFault.badChunkSize), ("\r\n", .badChunkSize), ("5\nhello", .badChunkSize),
    ("1000000000000000\r\n", .chunkSizeTooLarge),
    ("000000000000000000000000000000005\r\n", .chunkSizeTooLarge),
    ("5 5\r\nhello", .badChunkExtension), ("5\tzz\r\nhello", .badChunkExtension),
    ("5 \nhello", .badChunkExtension), ("1\r\nab\r\n", .badChunkEnd),
    ("1;\u{1}\r\na", .badChunkExtension), ("0\r\nHost: a\r\n\r\n", .forbiddenTrailer),
    ("0\r\nbad trailer\r\n\r\n", .badTrailer),
  ])
  func refuses(text: String, fault: BodyFault) {
    for size in 1...text.utf8.count {
      #expect(throws: fault) { _ = try payload(text, size: size) }
    }
  }

  @Test func capsExtensionsAndTrailers() {
    let long = String(repeating: "a", count: 10_000)
    #expect(throws: BodyFault.chunkExtensionTooLong) { _ = try payload("1;\(long)", size: 100) }
    let blanks = String(repeating: " ", count: 2000)
    #expect(throws: BodyFault.chunkExtensionTooLong) { _ = try payload("1\(blanks)", size: 100) }
    #expect(throws: BodyFault.trailersTooLarge) { _ = try payload("0\r\nX: \(long)", size: 100) }
  }

  /// Extensions, and zeros in front of sizes, are capped over all chunks together, by what they are
  /// to the data (CVE-2023-39326): 40 MB around 40 kB do not pass.
  @Test(arguments: [
    "1;\(String(repeating: "x", count: 1000))\r\na\r\n",
    "\(String(repeating: "0", count: 31))1\r\na\r\n",
    "1\(String(repeating: " ", count: 40))\r\na\r\n",
  ])
  func capsWhatStandsAroundTheData(chunk: String) {
    let text = String(repeating: chunk, count: 2000) + "0\r\n\r\n"
    for size in [1, 7, 16_384] {
      #expect(throws: BodyFault.chunkOverheadTooLarge) { _ = try payload(text, size: size) }
    }
  }

  /// Nobody who sends in good faith meets the limit: tiny chunks, signed ones, a few odd ones.
  @Test(arguments: [
    ("1\r\na\r\n", 50_000), ("0001;a=b\r\na\r\n", 50_000),
    ("1;\(String(repeating: "x", count: 1000))\r\na\r\n", 16),
    (
      "40;chunk-signature=\(String(repeating: "f", count: 64))\r\n"
        + String(repeating: "a", count: 64) + "\r\n", 5000
    ),
  ])
  func letsOrdinaryChunksPass(chunk: String, count: Int) throws {
    let body = try #require(
      try payload(String(repeating: chunk, count: count) + "0\r\n\r\n", size: 16_384))
    let one = chunk.hasPrefix("40") ? 64 : 1
    #expect(body.utf8.count == count * one)
    #expect(body.allSatisfy { $0 == "a" })
  }

  /// What ordinary chunks leave unused takes the excess off again.
  @Test func forgivesOddChunksAmongGoodOnes() throws {
    let odd = "1;\(String(repeating: "x", count: 1000))\r\na\r\n"
    let good = "200\r\n\(String(repeating: "a", count: 0x200))\r\n"
    let body = try payload(String(repeating: odd + good, count: 500) + "0\r\n\r\n", size: 16_384)
    #expect(body?.utf8.count == 500 * 513)
  }
}
