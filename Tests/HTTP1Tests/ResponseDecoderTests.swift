import HTTP1
import HTTPModel
import Primitives
import Testing

/// Verdicts on answers' heads, which must not depend on how the bytes were split.
struct ResponseDecoderTests {
  /// The head, or the fault, when `bytes` arrive in two parts split at `split`.
  private func decode(
    _ bytes: [UInt8], _ method: HTTPModel.Method, split: Int
  ) -> Result<HTTP1ResponseHead, HeadFault>? {
    var decoder = ResponseDecoder(limits: HeadLimits())
    let head = HTTP1ResponseHead()
    for end in [split, bytes.count] {
      do throws(HeadFault) {
        if try decoder.decode(bytes.span.extracting(0..<end), answering: method, into: head) {
          return .success(head)
        }
      } catch {
        return .failure(error)
      }
    }
    return nil
  }

  struct Ending: Sendable {
    var method = HTTPModel.Method.get
    var status: Int
    var fields: String
    /// What of `Content-Length` is passed on.
    var length: UInt64?
    var isPersistent: Bool
  }

  /// RFC 9112 §6.3, rule 1: the head ends the message, whatever its fields say; of a 1xx and a 204
  /// nothing of them goes on, of HEAD and 304 the length (RFC 9110 §8.6). What may have sent a body
  /// behind it is not kept.
  @Test(arguments: [
    Ending(status: 204, fields: "", isPersistent: true),
    Ending(status: 204, fields: "Content-Length: 0\r\n", isPersistent: true),
    Ending(status: 204, fields: "Content-Length: 5\r\n", isPersistent: false),
    Ending(status: 204, fields: "Content-Length: five\r\n", isPersistent: false),
    Ending(
      status: 204, fields: "Content-Length: 0\r\nContent-Length: 0\r\n", isPersistent: false),
    Ending(status: 204, fields: "Transfer-Encoding: chunked\r\n", isPersistent: false),
    Ending(status: 204, fields: "Transfer-Encoding: identity\r\n", isPersistent: false),
    Ending(
      status: 204, fields: "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
      isPersistent: false),
    Ending(method: .head, status: 204, fields: "Content-Length: 5\r\n", isPersistent: false),
    Ending(status: 103, fields: "Content-Length: 5\r\n", isPersistent: false),
    Ending(status: 101, fields: "Transfer-Encoding: chunked\r\n", isPersistent: false),
    Ending(method: .head, status: 200, fields: "", isPersistent: true),
    Ending(
      method: .head, status: 200, fields: "Content-Length: 005\r\n", length: 5, isPersistent: true),
    Ending(
      method: .head, status: 200, fields: "Transfer-Encoding: chunked\r\n", isPersistent: true),
    Ending(
      method: .head, status: 500,
      fields: "Transfer-Encoding: gzip, chunked\r\nContent-Length: 7\r\n", length: 7,
      isPersistent: true),
    Ending(method: .head, status: 200, fields: "Content-Length: -1\r\n", isPersistent: false),
    Ending(status: 304, fields: "Content-Length: 9\r\n", length: 9, isPersistent: true),
    Ending(status: 304, fields: "Transfer-Encoding: identity\r\n", isPersistent: true),
    Ending(
      status: 304, fields: "Content-Length: 1\r\nContent-Length: 2\r\n", isPersistent: false),
  ])
  func endsAtTheHead(ending: Ending) throws {
    let bytes = Array("HTTP/1.1 \(ending.status) X\r\n\(ending.fields)\r\n".utf8)
    for split in 0...bytes.count {
      let head = try #require(try decode(bytes, ending.method, split: split)?.get())
      #expect(head.framing == .none && head.headBytes == bytes.count)
      #expect(head.declaredLength == ending.length)
      #expect(head.isPersistent == ending.isPersistent)
    }
  }

  /// What has a body is as strict as ever, and 205 is no exception (RFC 9112 §6.3 does not name it).
  @Test(arguments: [
    ("200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", HeadFault.lengthAndChunked),
    // What is not there is not named.
    ("200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: identity", .badTransferEncoding),
    ("200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .badTransferEncoding),
    ("205 Reset\r\nContent-Length: five", .badContentLength),
    ("200 OK\r\nContent-Length: 5\r\nContent-Length: 5", .repeatedContentLength),
    ("200 O\u{1}K\r\nX: y", .badStartLine), ("200 OK\r\nX\u{1}: y", .badFieldName),
    ("200 OK\r\nX: \u{1}", .badFieldValue), ("2000 OK", .badStatus), ("600 X", .badStatus),
  ])
  func refusesAtEverySplit(text: String, fault: HeadFault) {
    let bytes = Array("HTTP/1.1 \(text)\r\n\r\n".utf8)
    for split in 0...bytes.count {
      guard case .failure(let found)? = decode(bytes, .get, split: split) else {
        Issue.record("accepted when split at \(split)")
        continue
      }
      #expect(found == fault, "split at \(split)")
    }
  }

  @Test(arguments: [
    ([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46], HeadFault.tlsRecord),
    ([0x16, 0x03, 0x01, 0x00, 0x7A, 0x02], .tlsRecord),
    // SETTINGS, as a server of gRPC begins.
    ([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100], .http2Frame),
    ([0, 0, 6, 5, 0, 0, 0, 0, 0], .badStartLine),
    (Array("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".utf8), .sshBanner),
    (Array("220 mail.test ESMTP\r\n".utf8), .badVersion),
  ])
  func namesOtherProtocols(bytes: [UInt8], fault: HeadFault) {
    for split in 0...bytes.count {
      guard case .failure(let found)? = decode(bytes, .get, split: split) else {
        Issue.record("accepted when split at \(split)")
        continue
      }
      #expect(found == fault, "split at \(split)")
    }
  }
}
