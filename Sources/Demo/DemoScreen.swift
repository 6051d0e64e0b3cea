import Screens

/// The demo's screen: drawn anew several times a second, whatever the terminal's size is then.
///
/// 80 columns and 24 rows show all of it; below that the earliest events go first, then what stands
/// lowest.
struct DemoScreen: Sendable {
  var columns: Int
  var rows: Int
  /// Nobody asked for none (no-color.org).
  var inColour: Bool

  /// Where the figures of a service begin, and the cells of its endpoints.
  private static let figuresColumn = 25
  private static let cellsColumn = 4

  func text(_ view: DemoView, _ selection: DemoSelection) -> String {
    var lines = head(view)
    if selection.showsHelp {
      lines += help(view)
    } else {
      for (index, service) in view.services.enumerated() {
        lines.append(row(service, index, isSelected: selection.service == index))
        lines.append(
          cells(service, selected: selection.service == index ? selection.endpoint : nil))
      }
      lines.append(title("what happened"))
      let legend = Self.legend
      let room = max(rows - lines.count - legend.count, 0)
      let events = view.events.suffix(room)
      lines += events.map(line)
      lines += Array(repeating: ScreenLine(), count: room - events.count)
      lines += legend
    }
    return ScreenText.page(lines, columns: columns, rows: rows, inColour: inColour)
  }

  private func head(_ view: DemoView) -> [ScreenLine] {
    var first = ScreenLine("Weir demo", .strong)
    first.add("  \(view.elapsedSeconds)s  \(view.perSecond)/s  answered \(view.answered)  ")
    first.add("failed \(view.failed)", view.failed == 0 ? .plain : .bad)
    first.add("  http://\(view.proxy)", .dim)
    var second = ScreenLine("service", .dim)
    second.pad(to: Self.figuresColumn)
    for (word, width) in [
      ("req/s", 5), ("ok", 6), ("p50", 6), ("p99", 6), ("retry", 6), ("hedge", 6), ("fallb", 6),
    ] {
      second.add(right: word, width, .dim)
    }
    second.add("  breaker", .dim)
    return [first, second]
  }

  private func row(_ service: DemoView.Service, _ index: Int, isSelected: Bool) -> ScreenLine {
    var line = ScreenLine(isSelected ? "> " : "  ", .strong)
    line.add("\(index + 1) \(service.name)", .strong)
    line.pad(to: Self.figuresColumn)
    let isFailing = service.successesPerSecond < service.perSecond
    line.add(right: "\(service.perSecond)", 5)
    line.add(
      right: DemoText.share(service.successesPerSecond, of: service.perSecond), 6,
      isFailing ? .bad : .good)
    line.add(right: DemoText.milliseconds(service.p50Microseconds), 6)
    line.add(right: DemoText.milliseconds(service.p99Microseconds), 6)
    for count in [service.rates.retries, service.rates.hedges, service.rates.fallbacks] {
      line.add(right: "\(count)", 6, count == 0 ? .dim : .warning)
    }
    line.add("  ")
    line.add(service.breaker, service.breakerTone)
    return line
  }

  private func cells(_ service: DemoView.Service, selected: Int?) -> ScreenLine {
    let width = min((columns - Self.cellsColumn) / max(service.endpoints.count, 1), 34)
    var line = ScreenLine()
    for (number, endpoint) in service.endpoints.enumerated() {
      let column = Self.cellsColumn + number * width - 1
      // What does not fit is cut, so that the cells stay under each other.
      line.clip(to: column - 1)
      line.pad(to: column)
      let isSelected = selected == number
      line.add(isSelected ? ">" : " ", .strong)
      line.add("/\(number)", isSelected ? .strong : .dim, isMarked: isSelected)
      line.add(" ")
      line.add(endpoint.state, endpoint.tone)
      // That it is forced open is its state already.
      let shown = endpoint.ills.subtracting(.forced).text
      if !shown.isEmpty {
        line.add(", ")
        line.add(shown, .done)
      }
    }
    return line
  }

  private func title(_ text: String) -> ScreenLine {
    ScreenLine(
      "-- \(text) " + String(repeating: "-", count: max(columns - text.count - 4, 0)), .dim)
  }

  private func line(_ event: DemoEvents.Event) -> ScreenLine {
    var line = ScreenLine()
    line.add(right: event.time, 8, .dim)
    line.add("  ")
    line.add(event.text, event.tone)
    return line
  }

  private static let legend = [
    ScreenLine("up/down, 1-5 service  left/right endpoint  r heal all  ? help  q quit", .dim),
    ScreenLine(
      "k kill  s slow  e errors  f force breaker open; again: undo; K S E F: service", .dim),
  ]

  private func help(_ view: DemoView) -> [ScreenLine] {
    let text = [
      "", "Figures are of the last second; p50 and p99 are milliseconds, over 5 s.",
      "", "Keys", "  up, down, 1 to 5    choose a service       left, right    its endpoint",
      "  k  kill it: it listens no more, its connections are reset; k again revives it",
      "  s  slow: each answer takes 400 ms longer     e  errors: it answers 503",
      "  f  force its breaker open, through the proxy's control plane; f again releases",
      "  K S E F  the same to all endpoints of the service; F: to the service's breaker",
      "  r  heal everything      q, Control-C  quit      ?  back to the screen", "",
      "In another terminal", "",
    ]
    return (text + DemoText.hints(view)).map { ScreenLine($0) }
  }
}
