/// Blanks comments and the insides of string literals, so that rules look at code alone.
///
/// Enough of Swift's grammar for this repository: line comments, strings of one and of several
/// lines with interpolations, which count as the literal's inside, and raw strings with one `#`.
struct CodeStripper {
  private static let quote = UInt8(ascii: "\"")
  private static let slash = UInt8(ascii: "/")
  private static let hash = UInt8(ascii: "#")
  private static let backslash = UInt8(ascii: "\\")
  private static let parenthesis = UInt8(ascii: "(")

  private let bytes: [UInt8]
  private var at = 0
  private var result: [UInt8] = []

  static func strip(_ text: String) -> String {
    var stripper = CodeStripper(bytes: Array(text.utf8))
    stripper.run()
    return String(decoding: stripper.result, as: UTF8.self)
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The bytes that come next; asked at each of them, so without a string of its own.
  private func sees(_ first: UInt8, _ second: UInt8) -> Bool {
    bytes[at] == first && at + 1 < bytes.count && bytes[at + 1] == second
  }

  /// Three quotation marks.
  private var seesLongQuote: Bool {
    sees(Self.quote, Self.quote) && at + 2 < bytes.count && bytes[at + 2] == Self.quote
  }

  private mutating func run() {
    while at < bytes.count {
      if sees(Self.slash, Self.slash) {
        while at < bytes.count, bytes[at] != 0x0A { at += 1 }
      } else if sees(Self.hash, Self.quote) {
        at += 2
        while at < bytes.count, !sees(Self.quote, Self.hash) { blank() }
        at = min(at + 2, bytes.count)
      } else if bytes[at] == 0x22 {
        skipString()
      } else {
        result.append(bytes[at])
        at += 1
      }
    }
  }

  /// Lines stay, so that numbers of lines do.
  private mutating func blank() {
    if bytes[at] == 0x0A { result.append(0x0A) }
    at += 1
  }

  private mutating func skipString() {
    let isLong = seesLongQuote
    at += isLong ? 3 : 1
    while at < bytes.count, isLong ? !seesLongQuote : bytes[at] != 0x22 {
      if sees(Self.backslash, Self.parenthesis) { skipInterpolation() } else { skipByte() }
    }
    at = min(at + (isLong ? 3 : 1), bytes.count)
  }

  private mutating func skipByte() {
    if bytes[at] == 0x5C, at + 1 < bytes.count { at += 1 }
    blank()
  }

  private mutating func skipInterpolation() {
    at += 2
    var depth = 1
    while at < bytes.count, depth > 0 {
      if bytes[at] == 0x22 {
        skipString()
        continue
      }
      if bytes[at] == 0x28 { depth += 1 } else if bytes[at] == 0x29 { depth -= 1 }
      blank()
    }
  }
}
