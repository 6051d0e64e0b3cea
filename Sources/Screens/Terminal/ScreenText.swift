/// What every screen sends to the terminal around its lines (ECMA-48, and xterm's other screen).
package enum ScreenText {
  /// The other screen, without a cursor, so that what stood there before comes back at the end.
  package static let enter = "\u{1B}[?1049h\u{1B}[?25l"
  package static let leave = "\u{1B}[?25h\u{1B}[?1049l"

  /// A whole screen of at most `rows` lines, drawn over the one before without flicker.
  package static func page(
    _ lines: some Sequence<ScreenLine>, columns: Int, rows: Int, inColour: Bool
  ) -> String {
    let shown = lines.prefix(rows).map {
      $0.rendered(columns: columns, inColour: inColour) + "\u{1B}[K"
    }
    return "\u{1B}[H" + shown.joined(separator: "\r\n") + "\u{1B}[J"
  }

  /// The words of a text on as many lines as the width asks for; blanks at their beginning stay.
  package static func wrapped(_ text: String, columns: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if let last = lines.last, last.count + 1 + word.count <= columns {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
