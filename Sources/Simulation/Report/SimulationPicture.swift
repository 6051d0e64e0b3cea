import Primitives
import ProxyConfiguration

/// The time line as an SVG: panels one below the other over one axis of time; compared policies lie
/// over each other, each in its colour.
struct SimulationPicture {
  static let colours = ["#c8324b", "#1f6fb2", "#2a8f57", "#8a5bb5", "#b8791a"]
  static let grey = "#8b929a"
  static let left = 78.0
  static let right = 28.0
  static let panelHeight = 150.0
  static let gap = 54.0
  /// With the name above it.
  static let bandHeight = 30.0
  static let bandThickness = 14.0

  let runs: [SimulationRun]
  let bands: [Band]
  /// Nobody retries: nothing is shown of it.
  let hasRetries: Bool
  var svg: SVGText
  /// The upper edge of the next panel.
  var top = 0.0
  let time: Axis
  /// From the first panel's upper edge to the last one's lower.
  private let panelsHeight: Double

  init(_ runs: [SimulationRun]) {
    self.runs = runs
    bands = Band.bands(of: runs)
    hasRetries = runs.contains { $0.services.contains { $0.counts.retries > 0 } }
    let panels = (hasRetries ? 3 : 2) * (Self.panelHeight + Self.gap)
    panelsHeight = panels - Self.gap
    let head = 92.0 + Double(runs[0].faultSpans.count) * 15
    let foot = bands.isEmpty ? 20 : Double(bands.count) * Self.bandHeight + 62
    svg = SVGText(width: 1100, height: head + panels + foot)
    time = Axis(seconds: runs[0].seconds, from: Self.left, to: svg.width - Self.right)
  }

  var plotRight: Double { svg.width - Self.right }

  mutating func draw() -> String {
    drawHead()
    drawRates()
    drawLatencies()
    if hasRetries { drawRetries() }
    drawBands()
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
    svg.text(scenario.about, x: Self.left, y: 50, size: 12.5, fill: "#555555")
    top = 66
    drawFaults()
    top += 26
  }

  /// A bar for each fault, and its shade over all panels.
  private mutating func drawFaults() {
    let spans = runs[0].faultSpans
    let bottom = 92 + Double(spans.count) * 15 + panelsHeight
    for span in spans {
      let begin = time.place(span.begin)
      let end = time.place(span.end)
      svg.rectangle(
        x: begin, y: top + 12, width: max(end - begin, 2), height: bottom - top - 12,
        fill: "#f2b134", opacity: 0.13)
      svg.rectangle(
        x: begin, y: top + 9, width: max(end - begin, 2), height: 4, fill: "#e09a10")
      let isLate = begin > (Self.left + plotRight) / 2
      svg.text(
        span.words, x: isLate ? end : begin, y: top + 5, size: 11, fill: "#8a5d00",
        anchor: isLate ? .end : .start)
      top += 15
    }
  }

  // MARK: A panel's frame

  /// Lines and numbers of both axes, the title above them; returns the vertical axis.
  mutating func frame(
    _ title: String, _ scale: Axis.Scale, most: Double, number: (Double) -> String
  ) -> Axis {
    let bottom = top + Self.panelHeight
    let axis = Axis(scale, most: most, from: bottom, to: top)
    svg.text(title, x: Self.left, y: top - 8, size: 12.5, fill: "#222222", isBold: true)
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

  /// Names of lines, to the right above the panel.
  mutating func legend(_ entries: [(words: String, colour: String, dash: String?)]) {
    var x = plotRight
    for entry in entries.reversed() {
      // About the width of its letters; nothing here can measure them.
      x -= Double(entry.words.count) * 6.1
      svg.text(entry.words, x: x, y: top - 8, size: 11.5)
      svg.line(
        [(x - 24, top - 12), (x - 6, top - 12)], stroke: entry.colour, width: 2.5,
        dash: entry.dash)
      x -= 42
    }
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
