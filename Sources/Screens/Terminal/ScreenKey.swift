/// A key of a screen.
package enum ScreenKey: Equatable, Sendable {
  case up, down, left, right
  case character(Character)
  case enter, escape, backspace
  /// Control-Z.
  case suspend

  /// Puts the bytes of a terminal together: an arrow is ESC, `[` or `O`, and a letter (ECMA-48
  /// §5.4; the letter O in a terminal's application mode).
  ///
  /// ```
  /// plain ──ESC── escaped ──[ or O── sequence ──a letter or ~── plain
  ///                  └──anything else── plain
  /// ```
  package struct Decoder: Sendable {
    package init() {}

    private enum Place {
      case plain, escaped, sequence
    }

    private var place = Place.plain

    /// Nil: part of a sequence, or a key that has no meaning anywhere.
    package mutating func decode(_ byte: UInt8) -> ScreenKey? {
      switch place {
      case .plain:
        if byte == 0x1B { place = .escaped }
        if let key = Self.controls[byte] { return key }
        guard (0x20...0x7E).contains(byte) else { return nil }
        return .character(Character(Unicode.Scalar(byte)))
      case .escaped:
        let isSequence = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O")
        place = isSequence ? .sequence : byte == 0x1B ? .escaped : .plain
        return isSequence ? nil : .escape
      case .sequence:
        // Parameters go on; 0x40 to 0x7E end a sequence.
        guard (0x40...0x7E).contains(byte) else { return nil }
        place = .plain
        return Self.arrows[byte]
      }
    }

    /// What has been read ends here: an escape behind which nothing comes is the key of that name.
    package mutating func pause() -> ScreenKey? {
      guard place == .escaped else { return nil }
      place = .plain
      return .escape
    }

    /// Carriage return and line feed, backspace and delete, control-Z.
    private static let controls: [UInt8: ScreenKey] = [
      0x0D: .enter, 0x0A: .enter, 0x08: .backspace, 0x7F: .backspace, 0x1A: .suspend,
    ]

    private static let arrows: [UInt8: ScreenKey] = [
      UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right,
      UInt8(ascii: "D"): .left,
    ]
  }
}
