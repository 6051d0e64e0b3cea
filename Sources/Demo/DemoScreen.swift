import Screens

/// The demo's screen: drawn anew several times a second, whatever the terminal's size is then.
///
/// 80 columns and 24 rows show all of it. Narrower, rates move to the service that is selected and cut
/// cells end in `…`; lower, the earliest events go first, then what stands lowest, and a line says so.
struct DemoScreen: Sendable {
  var columns: Int
  var rows: Int
  /// Nobody asked for none (no-color.org).
  var inColour: Bool

  /// Where the figures of a service begin, and the cells of its endpoints.
  private static let figuresColumn = 25
  private static let cellsColumn = 4

  func text(_ view: DemoView, _ selection: DemoSelection) -> String {
    ScreenText.page(
      lines(view, selection), columns: columns, rows: rows, inColour: inColour)
  }

  /// At most as many as the terminal has rows; what has no room is said to be missing.
  func lines(_ view: DemoView, _ selection: DemoSelection) -> [ScreenLine] {
    var lines = head(view)
    if selection.showsHelp {
      lines += help(view)
    } else {
      for (index, service) in view.services.enumerated() {
        lines.append(row(service, index, isSelected: selection.service == index))
        lines.append(
          cells(service, selected: selection.service == index ? selection.endpoint : nil))
      }
      if selection.service < view.services.count {
        lines += detail(view.services[selection.service])
      }
      lines.append(title("what happened"))
      let legend = Self.legend.flatMap { wrapped($0) }
      let room = max(rows - lines.count - legend.count, 0)
      let events = view.events.suffix(room)
      lines += events.map(line)
      lines += Array(repeating: ScreenLine(), count: room - events.count)
      lines += legend
    }
    guard lines.count > rows else { return lines }
    let missing = lines.count - rows + 1
    return lines.prefix(max(rows - 1, 0))
      + [ScreenLine("\(missing) more lines: make the terminal higher", .warning)]
  }

  private func head(_ view: DemoView) -> [ScreenLine] {
    var first = ScreenLine("Weir demo", .strong)
    first.add("  \(view.elapsedSeconds)s  \(view.perSecond)/s  answered \(view.answered)  ")
    first.add("failed \(view.failed)", view.failed == 0 ? .plain : .bad)
    let address = "http://\(view.proxy)"
    let hasRoom = first.width + 2 + address.count <= columns
    if hasRoom { first.add("  \(address)", .dim) }
    var second = ScreenLine("service", .dim)
    second.pad(to: Self.figuresColumn)
    for (word, width) in isNarrow ? Self.narrowFigures : Self.figures {
      second.add(right: word, width, .dim)
    }
    second.add("  breaker", .dim)
    return hasRoom ? [first, second] : [first, ScreenLine(address, .dim), second]
  }

  private static let figures = [
    ("req/s", 5), ("ok", 6), ("p50", 6), ("p99", 6), ("retry", 6), ("hedge", 6), ("fallb", 6),
  ]
  private static let narrowFigures = [("req/s", 5), ("ok", 6), ("p99", 6)]

  /// The rates of retries, hedges and fallbacks are left to the service that is selected.
  private var isNarrow: Bool { columns < 80 }

  private func row(_ service: DemoView.Service, _ index: Int, isSelected: Bool) -> ScreenLine {
    var line = ScreenLine(isSelected ? "> " : "  ", .strong)
    line.add("\(index + 1) \(service.name)", .strong)
    line.pad(to: Self.figuresColumn)
    let isFailing = service.successesPerSecond < service.perSecond
    line.add(right: "\(service.perSecond)", 5)
    line.add(
      right: DemoText.share(service.successesPerSecond, of: service.perSecond), 6,
      isFailing ? .bad : .good)
    if !isNarrow { line.add(right: DemoText.milliseconds(service.p50Microseconds), 6) }
    line.add(right: DemoText.milliseconds(service.p99Microseconds), 6)
    if !isNarrow {
      for count in [service.rates.retries, service.rates.hedges, service.rates.fallbacks] {
        line.add(right: "\(count)", 6, count == 0 ? .dim : .warning)
      }
    }
    line.add("  ")
    line.add(service.breaker, service.breakerTone)
    return line
  }

  // MARK: The selected service

  /// Its totals, and its last minute.
  private func detail(_ service: DemoView.Service) -> [ScreenLine] {
    let totals = service.totals
    var words = [
      "answered \(totals.answered)", "failed \(totals.failed)",
      "retries \(totals.counts.retries) (\(service.rates.retries)/s)",
      "hedges \(totals.counts.hedges) (\(service.rates.hedges)/s)",
      "fallbacks \(totals.counts.fallbacks) (\(service.rates.fallbacks)/s)",
    ]
    // Cells of a narrow screen are cut.
    if isNarrow {
      words += service.endpoints.enumerated().map { number, endpoint in
        let ills = endpoint.ills.subtracting(.forced).text
        return "/\(number) \(endpoint.state)" + (ills.isEmpty ? "" : " (\(ills))")
      }
    }
    let lines = [title("\(service.name), since the start and in the last minute")]
    return lines + wrapped(words.joined(separator: "  "), .plain) + sparks(service.history)
  }

  private func sparks(_ history: DemoHistory) -> [ScreenLine] {
    let width = min(columns - 20, DemoHistory.seconds)
    let worst = (history.p99.suffix(max(width, 0)).max()).map { UInt64($0) }
    let rows: [(name: String, values: [Int], most: String, tone: ScreenTone)] = [
      ("ok/s", history.successes, "\(history.successes.max() ?? 0)", .good),
      ("failed/s", history.failures, "\(history.failures.max() ?? 0)", .bad),
      ("p99 ms", history.p99, DemoText.milliseconds(worst), .warning),
    ]
    return rows.map { row in
      var line = ScreenLine("  \(row.name)", .dim)
      line.pad(to: 12)
      line.add(right: row.most, 6, .dim)
      line.add(" ")
      line.add(DemoHistory.spark(row.values, width: width), row.tone)
      return line
    }
  }

  /// Words on as many lines as the width asks for.
  private func wrapped(_ text: String, _ tone: ScreenTone = .dim) -> [ScreenLine] {
    ScreenText.wrapped(text, columns: columns).map { ScreenLine($0, tone) }
  }

  private func cells(_ service: DemoView.Service, selected: Int?) -> ScreenLine {
    let width = min((columns - Self.cellsColumn) / max(service.endpoints.count, 1), 34)
    var line = ScreenLine()
    for (number, endpoint) in service.endpoints.enumerated() {
      let column = Self.cellsColumn + number * width - 1
      // What does not fit is cut, so that the cells stay under each other.
      cut(&line, to: column - 1)
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
    cut(&line, to: columns)
    return line
  }

  private func cut(_ line: inout ScreenLine, to column: Int) {
    guard line.width > column else { return }
    line.clip(to: column - 1)
    line.add("…", .dim)
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
    "up/down, 1-5 service  left/right endpoint  r heal all  ? help  q quit",
    "k kill  s slow  e errors  f force breaker open; again: undo; K S E F: service",
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
    return (text + DemoText.hints(view)).flatMap { line in
      line.count <= columns || line.hasPrefix("  curl") ? [ScreenLine(line)] : wrapped(line, .plain)
    }
  }
}
