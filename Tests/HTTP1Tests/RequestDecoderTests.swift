import HTTP1
import HTTPModel
import Primitives
import Testing

/// Verdicts on heads, which must not depend on how the bytes were split.
struct RequestDecoderTests {
  /// The head, or the fault, when `text` arrives in two parts split at `split`.
  private func decode(_ text: String, split: Int) -> Result<HTTP1RequestHead, HeadFault>? {
    let bytes = Array(text.utf8)
    let buffer = Buffer(capacity: 65_536)
    var decoder = RequestDecoder(limits: HeadLimits())
    let head = HTTP1RequestHead()
    for part in [bytes[..<split], bytes[split...]] {
      buffer.append(Array(part))
      do throws(HeadFault) {
        if try decoder.decode(buffer.readable, into: head) { return .success(head) }
      } catch {
        return .failure(error)
      }
    }
    return nil
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET /p?q=1 HTTP/1.1\r\nHost: a:80\r\nX-Empty:\r\nX-Eight: \u{e9}\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS http://a.test HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a.test/x HTTP/1.1\r\nHost: b\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n",
    "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
  ])
  func acceptsAtEverySplit(text: String) throws {
    for split in 0...text.utf8.count {
      let head = try #require(try decode(text, split: split)?.get(), "split at \(split)")
      #expect(head.headBytes == text.utf8.count)
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", HeadFault.missingHost),
    ("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", .repeatedHost),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badHost),
    ("GET / HTTP/1.1\nHost: a\r\n\r\n", .lineNotCRLF),
    ("GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", .foldedField),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .spaceBeforeColon),
    ("GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", .badFieldName),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      .repeatedContentLength
    ),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", .badContentLength),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
      .badContentLength
    ),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000000000\r\n\r\n",
      .badContentLength
    ),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 000000000000000000000000000000005\r\n\r\n",
      .badContentLength
    ),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      .lengthAndChunked
    ),
    ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", .badTransferEncoding),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      .badTransferEncoding
    ),
    ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingOnHTTP10),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionUnsupported),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http2Preface),
    ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", .badExpectation),
  ])
  func refusesAtEverySplit(text: String, fault: HeadFault) {
    for split in 0...text.utf8.count {
      guard case .failure(let found)? = decode(text, split: split) else {
        Issue.record("accepted when split at \(split)")
        continue
      }
      #expect(found == fault, "split at \(split)")
    }
  }

  /// Leading zeros are valid; up to 32 digits are read.
  @Test(arguments: [
    ("00000000000000000005", UInt64(5)), ("00000000000000000000000000000042", 42),
    ("0000000000000000000", 0), ("999999999999999999", 999_999_999_999_999_999),
  ])
  func readsLengths(text: String, length: UInt64) throws {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \(text)\r\n\r\n"
    let head = try #require(try decode(request, split: 0)?.get())
    #expect(head.framing == .length(length))
    #expect(head.hasBody == (length > 0))
  }

  /// Random bytes and random damage to a good head never crash and never hang.
  @Test func survivesDamage() {
    var random = RandomSource(seed: 7)
    let good = Array("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX: y\r\n\r\n".utf8)
    var verdicts = 0
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0...random.below(3) {
        bytes[Int(random.below(UInt32(bytes.count)))] = UInt8(truncatingIfNeeded: random.next())
      }
      var decoder = RequestDecoder(limits: HeadLimits())
      let head = HTTP1RequestHead()
      do throws(HeadFault) {
        if try decoder.decode(bytes.span, into: head) { verdicts += 1 }
      } catch {
        verdicts += 1
      }
    }
    #expect(verdicts > 10_000)
  }
}
