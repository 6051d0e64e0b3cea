/// A key of the demo's screen.
enum DemoKey: Equatable, Sendable {
  case up, down, left, right
  case character(Character)

  /// Puts the bytes of a terminal together: an arrow is ESC, `[` or `O`, and a letter (ECMA-48
  /// §5.4; the letter O in a terminal's application mode).
  ///
  /// ```
  /// plain ──ESC── escaped ──[ or O── sequence ──a letter or ~── plain
  ///                  └──anything else── plain
  /// ```
  struct Decoder: Sendable {
    private enum Place {
      case plain, escaped, sequence
    }

    private var place = Place.plain

    /// Nil: part of a sequence, or a key that has no meaning anywhere.
    mutating func decode(_ byte: UInt8) -> DemoKey? {
      switch place {
      case .plain:
        if byte == 0x1B { place = .escaped }
        guard (0x21...0x7E).contains(byte) else { return nil }
        return .character(Character(Unicode.Scalar(byte)))
      case .escaped:
        let isSequence = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O")
        place = isSequence ? .sequence : byte == 0x1B ? .escaped : .plain
        return nil
      case .sequence:
        // Parameters go on; 0x40 to 0x7E end a sequence.
        guard (0x40...0x7E).contains(byte) else { return nil }
        place = .plain
        return Self.arrows[byte]
      }
    }

    private static let arrows: [UInt8: DemoKey] = [
      UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right,
      UInt8(ascii: "D"): .left,
    ]
  }
}
