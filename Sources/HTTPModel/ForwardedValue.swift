import Primitives

/// Reads a `Forwarded` value (RFC 7239 §4): elements between commas, pairs between semicolons, a
/// pair's value a token or a quoted string.
///
/// More is accepted than the grammar has, since senders write it: an address with a colon or in
/// brackets without quotation marks, empty pairs and elements. A value that does not parse must not be
/// continued: behind a quotation mark that is left open, whatever the next hop appends would be read
/// as a part of the sender's own text.
package enum ForwardedValue {
  /// Calls `hop` with the `for` of each element, from left to right; an element without one is
  /// `unknown`. False: the value does not parse. Cost: linear.
  package static func eachHop(_ bytes: Span<UInt8>, _ hop: (ForwardedNode) -> Void) -> Bool {
    var index = 0
    while true {
      guard let next = element(bytes, from: index, hop) else { return false }
      guard next < bytes.count else { return true }
      index = next + 1
    }
  }

  /// The comma behind the element, or the end; nil: it does not parse.
  private static func element(
    _ bytes: Span<UInt8>, from start: Int, _ hop: (ForwardedNode) -> Void
  ) -> Int? {
    var index = start
    var isEmpty = true
    var node: ForwardedNode?
    while true {
      index = blanks(bytes, index)
      if index < bytes.count, bytes[index] != 0x3B, bytes[index] != 0x2C {
        isEmpty = false
        let nameEnd = Token.end(in: bytes, from: index)
        guard nameEnd > index, nameEnd < bytes.count, bytes[nameEnd] == 0x3D,
          let value = value(bytes, from: nameEnd + 1)
        else { return nil }
        if ByteScan.equalIgnoringCase(bytes.extracting(index..<nameEnd), "for") {
          // A parameter may occur once (RFC 7239 §4); of two nobody knows which counts.
          guard node == nil else { return nil }
          node = ForwardedNode(bytes.extracting(value.text))
        }
        index = blanks(bytes, value.end)
      }
      if index >= bytes.count || bytes[index] == 0x2C {
        if !isEmpty { hop(node ?? .unknown) }
        return index
      }
      guard bytes[index] == 0x3B else { return nil }
      index += 1
    }
  }

  /// Where the value's text stands, and where what follows it begins; nil: there is none, or a
  /// quotation mark is left open.
  private static func value(
    _ bytes: Span<UInt8>, from start: Int
  ) -> (text: Range<Int>, end: Int)? {
    guard start < bytes.count else { return nil }
    var index = start
    if bytes[start] == 0x22 {
      index += 1
      while index < bytes.count, bytes[index] != 0x22 {
        index += bytes[index] == 0x5C ? 2 : 1
      }
      return index < bytes.count ? (start + 1..<index, index + 1) : nil
    }
    while index < bytes.count, isBare(bytes[index]) { index += 1 }
    return index > start ? (start..<index, index) : nil
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    Token.isToken(byte) || byte == 0x3A || byte == 0x5B || byte == 0x5D
  }

  private static func blanks(_ bytes: Span<UInt8>, _ start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    return index
  }
}
