import Primitives
import ProxyConfiguration

/// The time line as an SVG: panels one below the other over one axis of time; compared policies lie
/// over each other, each in its colour.
///
/// One colour has one meaning: each run has its own, amber is a fault, grey what was offered, and
/// `Band.Colour` what became of a service. No run is red, which is what refuses.
struct SimulationPicture {
  static let colours = ["#1f6fb2", "#2a8f57", "#7a4fb5", "#b5179e", "#6b7d00"]
  static let grey = "#8b929a"
  static let fault = "#e09a10"
  static let left = 78.0
  static let right = 28.0
  static let panelHeight = 150.0
  /// Below a panel, for the numbers of its time axis.
  static let gap = 34.0
  static let rowHeight = 16.0
  /// With the name above it.
  static let bandHeight = 30.0
  static let bandThickness = 14.0

  let runs: [SimulationRun]
  let bands: [Band]
  /// Nobody retries: nothing is shown of it.
  let hasRetries: Bool
  var svg: SVGText
  /// The upper edge of what is drawn next.
  var top = 0.0
  let time: Axis

  init(_ runs: [SimulationRun]) {
    self.runs = runs
    bands = Band.bands(of: runs)
    hasRetries = runs.contains { $0.services.contains { $0.counts.retries > 0 } }
    svg = SVGText(width: 1100, height: 0)
    time = Axis(seconds: runs[0].seconds, from: Self.left, to: svg.width - Self.right)
  }

  var plotRight: Double { svg.width - Self.right }

  mutating func draw() -> String {
    drawHead()
    let faultsTop = top
    drawFaultWords()
    drawRates()
    drawLatencies()
    if hasRetries { drawRetries() }
    drawBands()
    shadeFaults(from: faultsTop, to: top)
    svg.height = top + 30
    return svg.document
  }

  static func colour(_ run: Int) -> String { colours[run % colours.count] }

  /// What a line shows, and of which run where there are several.
  func words(_ what: String, _ run: SimulationRun) -> String {
    run.label.isEmpty ? what : "\(what): \(run.label)"
  }

  // MARK: The head

  private mutating func drawHead() {
    let scenario = runs[0].scenario
    svg.text(scenario.name, x: Self.left, y: 30, size: 19, fill: "#111111", isBold: true)
    top = 36
    for line in Self.wrapped(scenario.about, width: plotRight - Self.left, size: 12.5) {
      top += Self.rowHeight
      svg.text(line, x: Self.left, y: top, size: 12.5, fill: "#555555")
    }
    top += 12
  }

  /// A bar for each fault, with its words above it.
  private mutating func drawFaultWords() {
    for span in runs[0].faultSpans {
      let (begin, end) = (time.place(span.begin), time.place(span.end))
      svg.rectangle(x: begin, y: top + 15, width: max(end - begin, 2), height: 4, fill: Self.fault)
      let isLate = begin > (Self.left + plotRight) / 2
      let room = isLate ? end - Self.left : plotRight - begin
      svg.text(
        Self.cut(span.words, width: room, size: 11), x: isLate ? end : begin, y: top + 11,
        size: 11, fill: "#8a5d00", anchor: isLate ? .end : .start)
      top += 22
    }
    top += 6
  }

  /// The shade of each fault behind everything from its bar on.
  private mutating func shadeFaults(from first: Double, to bottom: Double) {
    for (row, span) in runs[0].faultSpans.enumerated() {
      let (begin, end) = (time.place(span.begin), time.place(span.end))
      let y = first + Double(row) * 22 + 15
      svg.rectangle(
        x: begin, y: y, width: max(end - begin, 2), height: bottom - y, fill: Self.fault,
        opacity: 0.13, isBehind: true)
    }
  }

  // MARK: Words that fit

  /// About how wide a text is: nothing here can measure letters, and none of Helvetica's is wider on
  /// the average.
  static func width(_ text: String, size: Double) -> Double { Double(text.count) * size * 0.54 }

  static func wrapped(_ text: String, width: Double, size: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, self.width("\(last) \(word)", size: size) <= width {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  static func cut(_ text: String, width: Double, size: Double) -> String {
    guard self.width(text, size: size) > width else { return text }
    return text.prefix(max(Int(width / (size * 0.54)) - 1, 1)) + "…"
  }

  // MARK: A panel's frame

  /// Lines and numbers of both axes, below the title and the names of its lines; returns the vertical
  /// axis.
  mutating func frame(
    _ title: String, _ entries: [Entry], _ scale: Axis.Scale, most: Double,
    number: (Double) -> String
  ) -> Axis {
    heading(title, entries)
    let bottom = top + Self.panelHeight
    let axis = Axis(scale, most: most, from: bottom, to: top)
    for tick in axis.ticks {
      let y = axis.place(tick)
      svg.line(
        [(Self.left, y), (plotRight, y)], stroke: tick == axis.ticks[0] ? "#9aa0a6" : "#e3e6e9",
        width: 1)
      svg.text(
        number(tick), x: Self.left - 8, y: y + 4, size: 11, fill: "#555555", anchor: .end)
    }
    drawTimeAxis(at: bottom)
    return axis
  }

  mutating func drawTimeAxis(at y: Double) {
    for tick in time.ticks {
      let x = time.place(tick)
      svg.line([(x, y), (x, y + 4)], stroke: "#9aa0a6", width: 1)
      svg.text(
        clock(tick), x: x, y: y + 16, size: 11, fill: "#555555", anchor: .middle)
    }
  }

  /// `45 s`, or `1:30` where there are minutes.
  private func clock(_ seconds: Double) -> String {
    guard runs[0].seconds >= 120 else { return Numbers.short(seconds) + " s" }
    let whole = Int(seconds.rounded())
    let rest = whole % 60
    return "\(whole / 60):\(rest < 10 ? "0" : "")\(rest)"
  }

  /// The name of a line, and how it is drawn.
  struct Entry {
    var words: String
    var colour: String
    var dash: String?
    /// A patch instead of a line.
    var isArea = false
  }

  /// A title, and below it the names of lines, on as many rows as they need. Moves `top` below them.
  mutating func heading(_ title: String, _ entries: [Entry]) {
    top += 14
    svg.text(title, x: Self.left, y: top, size: 12.5, fill: "#222222", isBold: true)
    top += Self.rowHeight
    var x = Self.left
    for entry in entries {
      let words = Self.cut(entry.words, width: plotRight - Self.left - 30, size: 11.5)
      let width = 28 + Self.width(words, size: 11.5) + 18
      if x > Self.left, x + width - 18 > plotRight {
        x = Self.left
        top += Self.rowHeight
      }
      if entry.isArea {
        svg.rectangle(x: x, y: top - 9, width: 18, height: 10, fill: entry.colour)
      } else {
        svg.line(
          [(x, top - 4), (x + 18, top - 4)], stroke: entry.colour, width: 2.5, dash: entry.dash)
      }
      svg.text(words, x: x + 24, y: top, size: 11.5)
      x += width
    }
    top += 10
  }
}

extension SimulationReport {
  /// The time line as a picture (SVG 1.1).
  package var svg: String {
    guard !runs.isEmpty else { return "" }
    var picture = SimulationPicture(runs)
    return picture.draw()
  }
}
