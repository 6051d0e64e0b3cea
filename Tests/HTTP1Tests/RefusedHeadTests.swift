import HTTP1
import HTTPModel
import Primitives
import Testing

/// What is known of requests' heads that are refused: what was spoken instead, and what was read.
struct RefusedHeadTests {
  private static let tls: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC]

  private struct Refusal {
    var fault: HeadFault?
    var part: RequestHead.Part
    var head: HTTP1RequestHead
  }

  /// What comes of `bytes` in two parts split at `split`.
  private func refuse(_ bytes: [UInt8], split: Int) -> Refusal {
    var decoder = RequestDecoder(limits: HeadLimits())
    let head = HTTP1RequestHead()
    var seen = 0
    for end in [split, bytes.count] {
      seen = end
      do throws(HeadFault) {
        if try decoder.decode(bytes.span.extracting(0..<end), into: head) {
          return Refusal(fault: nil, part: .whole, head: head)
        }
      } catch {
        return Refusal(
          fault: error, part: decoder.salvage(bytes.span.extracting(0..<end), into: head),
          head: head)
      }
    }
    return Refusal(
      fault: nil, part: decoder.salvage(bytes.span.extracting(0..<seen), into: head), head: head)
  }

  private func text(_ range: ByteRange, _ bytes: [UInt8]) -> String {
    String(decoding: bytes[range.bounds], as: UTF8.self)
  }

  @Test(arguments: [
    (tls, HeadFault.tlsClientHello),
    (Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), .http2Preface),
    (Array("PROXY TCP4 10.0.0.1 10.0.0.2 5 80\r\nGET / HTTP/1.1\r\n".utf8), .proxyProtocol),
    (Array("PROXY UNKNOWN\r\n".utf8), .proxyProtocol),
    // Version 2's signature, and what is left of it where its empty lines came alone.
    ([0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A], .proxyProtocol),
    ([0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A], .proxyProtocol),
    (Array("SSH-2.0-OpenSSH_9.2p1\r\n".utf8), .sshBanner),
    (Array("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".utf8), .sshBanner),
    (Array("GET /\u{1} HTTP/1.1\r\n".utf8), .badStartLine),
    (Array("GET / HTTP/1.1\r\nX\u{1}: y\r\n".utf8), .badFieldName),
    (Array("GET / HTTP/1.1\r\nX: \u{1}y\r\n".utf8), .badFieldValue),
    (
      Array("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n\r\n".utf8),
      .badTransferEncoding
    ),
  ])
  func namesWhatIsThere(bytes: [UInt8], fault: HeadFault) {
    for split in 0...bytes.count {
      #expect(refuse(bytes, split: split).fault == fault, "split at \(split)")
    }
  }

  /// A line too long has a target that is too long only if there is a space in front of one.
  @Test func tellsALongTargetFromALongWord() {
    let long = [UInt8](repeating: UInt8(ascii: "A"), count: 70_000)
    for split in [0, 1, 60 * 1024 - 2, 60 * 1024 - 1, 60 * 1024, 70_000] {
      #expect(refuse(long, split: split).fault == .headTooLarge)
      let refusal = refuse(Array("GET /".utf8) + long, split: split)
      #expect(refusal.fault == .targetTooLong)
      #expect(refusal.part == .target && refusal.head.method == .get)
    }
  }

  @Test(arguments: [
    ("HEAD / HTTP/1.1\r\nHost: a.test\r\nX-Request-ID: me\r\nExpect: x\r\n\r\n", 4),
    ("HEAD / HTTP/1.1\r\nHost: a.test\r\nbad\r\n", 2), ("HEAD /\u{1}", 1), ("HEAD \u{1}/", 0),
  ])
  func keepsWhatWasRead(text input: String, last: Int) {
    let bytes = Array(input.utf8)
    for split in 0...bytes.count {
      let refusal = refuse(bytes, split: split)
      let isRead = refusal.part >= .method
      #expect(isRead && refusal.head.method == .head)
      #expect(text(refusal.head.methodText, bytes) == "HEAD")
      #expect((refusal.part >= .target) == (last > 0))
      if last > 0 { #expect(text(refusal.head.target, bytes) == "/") }
      guard last > 1 else { continue }
      #expect(refusal.part == .line)
      #expect(text(refusal.head.authority, bytes) == "a.test")
      #expect(refusal.head.present.contains(.xRequestID) == (last > 2))
    }
  }

  /// Heads that do not end, cut anywhere: whatever is there of them is inside the bytes.
  @Test func keepsOnlyWhatIsThere() {
    let whole = Array("\r\nPOST /p?q HTTP/1.1\r\nHost: a.test\r\nX: y\r\n".utf8)
    for end in 0...whole.count {
      let bytes = Array(whole[..<end])
      let refusal = refuse(bytes, split: end / 2)
      let expected: RequestHead.Part =
        end < 7 ? .nothing : end < 8 ? .method : end < 22 ? .target : .line
      #expect(refusal.part == expected, "cut at \(end)")
      for field in refusal.head.fields { #expect(field.value.end <= end) }
      #expect(refusal.head.target.end <= end)
    }
  }

  /// A request behind another on a connection leaves nothing of it behind.
  @Test func forgetsTheRequestBefore() throws {
    var decoder = RequestDecoder(limits: HeadLimits())
    let head = HTTP1RequestHead()
    let first = Array("HEAD /first HTTP/1.1\r\nHost: first\r\n\r\n".utf8)
    #expect(try decoder.decode(first.span, into: head))
    #expect(decoder.salvage(Self.tls.span, into: head) == .nothing)
    #expect(head.fields.isEmpty && head.target.isEmpty && head.authority.isEmpty)
  }
}
