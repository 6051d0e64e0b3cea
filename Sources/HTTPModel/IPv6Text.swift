/// The text of an IPv6 address without brackets or a zone (RFC 4291 §2.2).
///
/// Why beside `IPAddress`, which reads the same: a head is judged without allocating.
enum IPv6Text {
  /// "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".
  private static let bytesMax = 45

  static func isValid(_ text: Span<UInt8>) -> Bool {
    guard text.count >= 2, text.count <= bytesMax else { return false }
    var groups = 0
    var hasGap = false
    var index = 0
    if text[0] == 0x3A {
      guard text[1] == 0x3A else { return false }
      hasGap = true
      index = 2
    }
    while index < text.count {
      let start = index
      while index < text.count, Token.hexadecimalValue(text[index]) != nil { index += 1 }
      if index < text.count, text[index] == 0x2E {
        guard isIPv4(text.extracting(start..<text.count)) else { return false }
        groups += 2
        break
      }
      guard index > start, index - start <= 4 else { return false }
      groups += 1
      if index == text.count { break }
      guard text[index] == 0x3A, index + 1 < text.count else { return false }
      index += 1
      if text[index] == 0x3A {
        guard !hasGap else { return false }
        hasGap = true
        index += 1
      }
    }
    return hasGap ? groups <= 7 : groups == 8
  }

  /// Four decimal bytes without leading zeros, which are octal to some readers.
  private static func isIPv4(_ text: Span<UInt8>) -> Bool {
    var parts = 0
    var start = 0
    while start <= text.count {
      var end = start
      while end < text.count, text[end] != 0x2E { end += 1 }
      guard end - start <= 3, let value = Token.decimal(text.extracting(start..<end)), value <= 255,
        end - start == 1 || text[start] != 0x30
      else { return false }
      parts += 1
      start = end + 1
    }
    return parts == 4
  }
}
