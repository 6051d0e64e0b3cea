/// Blanks comments and the insides of string literals, so that rules look at code alone.
///
/// Enough of Swift's grammar for this repository: line comments, strings of one and of several
/// lines with interpolations, which count as the literal's inside, and raw strings with one `#`.
struct CodeStripper {
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

  private func sees(_ text: StaticString) -> Bool {
    bytes[at...].starts(with: "\(text)".utf8)
  }

  private mutating func run() {
    while at < bytes.count {
      if sees("//") {
        while at < bytes.count, bytes[at] != 0x0A { at += 1 }
      } else if sees("#\"") {
        at += 2
        while at < bytes.count, !sees("\"#") { blank() }
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
    let isLong = sees("\"\"\"")
    at += isLong ? 3 : 1
    while at < bytes.count, isLong ? !sees("\"\"\"") : bytes[at] != 0x22 {
      if sees("\\(") { skipInterpolation() } else { skipByte() }
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
