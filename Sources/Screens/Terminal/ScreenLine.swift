/// A line of a screen: pieces of text, each with its tone.
///
/// Widths are counted in characters, of which each takes one column here: nothing wider is shown.
package struct ScreenLine: Sendable {
  private struct Piece: Sendable {
    var text: String
    var tone: ScreenTone
    var isMarked: Bool
  }

  private var pieces: [Piece] = []
  package private(set) var width = 0

  package init() {}

  package init(_ text: String, _ tone: ScreenTone = .plain) {
    add(text, tone)
  }

  /// `isMarked`: shown reversed, where there are colours.
  package mutating func add(_ text: String, _ tone: ScreenTone = .plain, isMarked: Bool = false) {
    pieces.append(Piece(text: text, tone: tone, isMarked: isMarked))
    width += text.count
  }

  /// Drops what lies beyond `columns`.
  package mutating func clip(to columns: Int) {
    while width > columns, let last = pieces.popLast() {
      width -= last.text.count
      let kept = String(last.text.prefix(max(columns - width, 0)))
      if !kept.isEmpty { add(kept, last.tone, isMarked: last.isMarked) }
    }
  }

  /// Goes on at that column, at least one further.
  package mutating func pad(to column: Int) {
    add(String(repeating: " ", count: max(column - width, 1)))
  }

  /// Numbers under each other.
  package mutating func add(right text: String, _ columns: Int, _ tone: ScreenTone = .plain) {
    add(String(repeating: " ", count: max(columns - text.count, 1)) + text, tone)
  }

  /// At most `columns` wide. Without colours nothing but the text.
  package func rendered(columns: Int, inColour: Bool) -> String {
    var left = columns
    var text = ""
    for piece in pieces where left > 0 {
      let part = String(piece.text.prefix(left))
      left -= part.count
      let codes = [piece.tone.sgr, piece.isMarked ? "7" : ""].filter { !$0.isEmpty }
      let isPlain = codes.isEmpty || !inColour
      text += isPlain ? part : "\u{1B}[\(codes.joined(separator: ";"))m\(part)\u{1B}[0m"
    }
    return text
  }
}
