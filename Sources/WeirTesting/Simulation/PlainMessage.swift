/// An HTTP/1.1 message read the plain way, for peers that tests play: whole messages only, no
/// limits, nothing shared with the codec that is tested.
package struct PlainMessage: Equatable {
  package var startLine: String
  /// Names in lower case, in their order.
  package var fields: [(name: String, value: String)]
  package var body: [UInt8]
  /// Bytes of the whole message.
  package var count: Int

  package static func == (left: PlainMessage, right: PlainMessage) -> Bool {
    left.startLine == right.startLine && left.body == right.body
  }

  package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  package var headCount: Int

  /// The head at the front of `bytes`; nil until it is whole. `body` is empty, `count` the head's.
  package static func head(_ bytes: [UInt8]) -> PlainMessage? {
    guard let end = find([13, 10, 13, 10], in: bytes, from: 0) else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(
      separator: "\r\n", omittingEmptySubsequences: false)
    let fields = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
      return (name: parts[0].lowercased(), value: String(value))
    }
    return PlainMessage(
      startLine: String(lines[0]), fields: fields, body: [], count: end + 4, headCount: end + 4)
  }

  /// The message at the front of `bytes`; nil until it is whole. `hasBody`: false for answers to
  /// HEAD; `isOver`: nothing will follow, which ends a body without a length.
  package static func read(
    _ bytes: [UInt8], hasBody: Bool = true, isResponse: Bool = false, isOver: Bool = false
  ) -> PlainMessage? {
    guard var message = head(bytes), hasBody else { return head(bytes) }
    if isResponse, message.startLine.hasPrefix("HTTP/1.1 1") { return message }
    let from = message.count
    if message["transfer-encoding"] == "chunked" {
      guard let (body, end) = chunks(bytes, from: from) else { return nil }
      message.body = body
      message.count = end
    } else if let length = message["content-length"].flatMap({ Int($0) }) {
      guard bytes.count >= from + length else { return nil }
      message.body = Array(bytes[from..<from + length])
      message.count = from + length
    } else if isResponse {
      guard isOver else { return nil }
      message.body = Array(bytes[from...])
      message.count = bytes.count
    }
    return message
  }

  private static func chunks(_ bytes: [UInt8], from start: Int) -> ([UInt8], Int)? {
    var body: [UInt8] = []
    var at = start
    while let lineEnd = find([13, 10], in: bytes, from: at) {
      let line = String(decoding: bytes[at..<lineEnd], as: UTF8.self)
      guard let size = Int(line.prefix { $0.isHexDigit }, radix: 16) else { return nil }
      at = lineEnd + 2
      if size == 0 {
        // Trailers end with an empty line.
        while let end = find([13, 10], in: bytes, from: at) {
          if end == at { return (body, end + 2) }
          at = end + 2
        }
        return nil
      }
      guard bytes.count >= at + size + 2 else { return nil }
      body += bytes[at..<at + size]
      at += size + 2
    }
    return nil
  }

  private static func find(_ pattern: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
    guard bytes.count >= from + pattern.count else { return nil }
    for index in from...(bytes.count - pattern.count)
    where bytes[index] == pattern[0] && Array(bytes[index..<index + pattern.count]) == pattern {
      return index
    }
    return nil
  }
}
