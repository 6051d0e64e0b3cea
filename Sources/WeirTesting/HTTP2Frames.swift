/// Writes frames by hand (RFC 9113 §4.1), and heads as literals without a table (RFC 7541 §6.2.2), so
/// that tests can send what no client's library would.
package struct HTTP2Frames {
  package var bytes: [UInt8] = []

  package init() {}

  package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  /// A connection that begins as it should.
  package static var begun: HTTP2Frames {
    var frames = HTTP2Frames()
    frames.bytes = preface
    frames.settings()
    return frames
  }

  package mutating func frame(
    _ type: UInt8, flags: UInt8 = 0, _ stream: UInt32, _ payload: [UInt8] = []
  ) {
    bytes += [
      UInt8(payload.count >> 16 & 0xFF), UInt8(payload.count >> 8 & 0xFF),
      UInt8(payload.count & 0xFF), type, flags,
    ]
    bytes += Self.word(stream) + payload
  }

  package static func word(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }

  package mutating func settings(_ pairs: [(UInt16, UInt32)] = []) {
    frame(4, 0, pairs.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xFF)] + Self.word($0.1) })
  }

  package mutating func data(_ stream: UInt32, _ payload: [UInt8], isEnd: Bool = false) {
    frame(0, flags: isEnd ? 1 : 0, stream, payload)
  }

  package mutating func reset(_ stream: UInt32, _ code: UInt32 = 8) {
    frame(3, stream, Self.word(code))
  }
  package mutating func ping(isAnswer: Bool = false, _ data: String = "12345678") {
    frame(6, flags: isAnswer ? 1 : 0, 0, Array(data.utf8))
  }
  package mutating func window(_ stream: UInt32, _ bytes: UInt32) {
    frame(8, stream, Self.word(bytes))
  }

  package mutating func head(_ stream: UInt32, _ fields: [(String, String)], isEnd: Bool = true) {
    frame(1, flags: isEnd ? 5 : 4, stream, Self.block(fields))
  }

  /// A head that is as it should be, with more fields.
  package mutating func request(
    _ stream: UInt32, method: String = "GET", _ more: [(String, String)] = [], isEnd: Bool = true
  ) {
    head(stream, Self.pseudo(method) + more, isEnd: isEnd)
  }

  package static func pseudo(_ method: String = "GET") -> [(String, String)] {
    [(":method", method), (":scheme", "http"), (":path", "/a?b=c"), (":authority", "api.test:80")]
  }

  package static func block(_ fields: [(String, String)]) -> [UInt8] {
    fields.flatMap { [0] + text(Array($0.0.utf8)) + text(Array($0.1.utf8)) }
  }

  /// A string with its length (RFC 7541 §5.1, §5.2), not by Huffman's code.
  private static func text(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
    var rest = bytes.count - 127
    var length: [UInt8] = [127]
    while rest >= 128 {
      length.append(UInt8(rest % 128 + 128))
      rest /= 128
    }
    return length + [UInt8(rest)] + bytes
  }
}
