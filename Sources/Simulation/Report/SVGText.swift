/// Writes an SVG picture: the few shapes that a time line needs. Coordinates in pixels, written with
/// one place behind the point, so that equal runs give equal bytes.
struct SVGText {
  enum Anchor: String {
    case start, middle, end
  }

  private(set) var body = ""
  /// Shapes behind all others.
  private var back = ""
  let width: Double
  /// Known when all is drawn.
  var height: Double

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// The whole document, on white.
  var document: String {
    let size = "\(Self.number(width)) \(Self.number(height))"
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(Self.number(width))" \
      height="\(Self.number(height))" font-family="Helvetica, Arial, sans-serif">
      <rect width="100%" height="100%" fill="#ffffff"/>
      \(back)\(body)</svg>

      """
  }

  /// `isBehind`: whatever is drawn before or after it lies over it.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, fill: String, opacity: Double = 1,
    isBehind: Bool = false
  ) {
    let before = body
    defer {
      if isBehind {
        back += body.dropFirst(before.count)
        body = before
      }
    }
    body += "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\""
    body += " height=\"\(Self.number(height))\" fill=\"\(fill)\"\(Self.opacity(opacity))/>\n"
  }

  mutating func line(
    _ points: [(x: Double, y: Double)], stroke: String, width: Double = 1.5, dash: String? = nil
  ) {
    guard !points.isEmpty else { return }
    body += "<polyline points=\"\(Self.list(points))\" fill=\"none\" stroke=\"\(stroke)\""
    body += " stroke-width=\"\(Self.number(width))\" stroke-linejoin=\"round\""
    if let dash { body += " stroke-dasharray=\"\(dash)\"" }
    body += "/>\n"
  }

  mutating func area(_ points: [(x: Double, y: Double)], fill: String, opacity: Double) {
    body += "<polygon points=\"\(Self.list(points))\" fill=\"\(fill)\"\(Self.opacity(opacity))/>\n"
  }

  mutating func text(
    _ text: String, x: Double, y: Double, size: Double = 12, fill: String = "#333333",
    anchor: Anchor = .start, isBold: Bool = false
  ) {
    body +=
      "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(Self.number(size))\""
    body += " fill=\"\(fill)\" text-anchor=\"\(anchor.rawValue)\""
    if isBold { body += " font-weight=\"bold\"" }
    body += ">\(Self.escaped(text))</text>\n"
  }

  private static func list(_ points: [(x: Double, y: Double)]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  private static func number(_ value: Double) -> String {
    let text = Numbers.decimal(value, places: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func opacity(_ value: Double) -> String {
    value >= 1 ? "" : " fill-opacity=\"\(Numbers.decimal(value, places: 2))\""
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      default: result.append(character)
      }
    }
    return result
  }
}
