import Primitives

/// Finds escapes that spell `/`, `.`, `\` or NUL in more bytes than UTF-8 needs (`%C0%AF`, `%E0%80%AE`),
/// which a careless decoder takes for them: RFC 3629 §10 has the example. Other octets above ASCII stay:
/// not every service's paths are UTF-8.
enum OverlongEscapes {
  /// `path`: hex digits in upper case.
  static func occur(in path: Span<UInt8>) -> Bool {
    var index = 0
    while index + 5 < path.count {
      if path[index] == 0x25, isOverlong(path, index) { return true }
      index += 1
    }
    return false
  }

  private static func isOverlong(_ path: Span<UInt8>, _ start: Int) -> Bool {
    guard let lead = escaped(path, start) else { return false }
    // How many octets follow, and the bits of the first.
    var value: UInt32
    let more: Int
    switch lead {
    case 0xC0, 0xC1: (value, more) = (UInt32(lead & 0x1F), 1)
    case 0xE0: (value, more) = (0, 2)
    case 0xF0: (value, more) = (0, 3)
    default: return false
    }
    for step in 1...more {
      guard let octet = escaped(path, start + 3 * step), octet & 0xC0 == 0x80 else { return false }
      value = value << 6 | UInt32(octet & 0x3F)
    }
    return value == 0x2F || value == 0x2E || value == 0x5C || value == 0
  }

  /// The octet of the escape that begins at `index`.
  private static func escaped(_ path: Span<UInt8>, _ index: Int) -> UInt8? {
    guard index + 2 < path.count, path[index] == 0x25 else { return nil }
    return digit(path[index + 1]) << 4 | digit(path[index + 2])
  }

  private static func digit(_ byte: UInt8) -> UInt8 {
    byte < 0x3A ? byte &- 0x30 : byte &- 0x37
  }
}
