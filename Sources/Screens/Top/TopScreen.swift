/// `weir top`, drawn for a terminal of any size, or as plain lines.
struct TopScreen: Sendable {
  /// How wide lines are where nobody says: what a pipe's reader may fold by itself.
  static let plainColumns = 160

  var columns: Int
  var rows: Int
  /// Which proxy is asked.
  var proxy: String

  func lines(_ rows: [TopRow], _ view: TopView, fault: String?) -> [ScreenLine] {
    let chosen = view.chosen(rows)
    var lines = [title(rows, chosen, view)]
    if let fault { lines.append(ScreenLine(fault, .bad)) }
    if view.showsHelp { return lines + Self.help.map { ScreenLine($0) } }
    let table = TopTable(chosen, columns: columns)
    lines.append(table.head)
    let all = table.lines
    var foot: [ScreenLine] = []
    if !table.hidden.isEmpty {
      foot += wrapped(
        "no room for \(table.hidden.joined(separator: ", ")): widen the terminal", .dim)
    }
    foot +=
      view.isTyping
      ? wrapped("filter: \(view.filter)_  (Enter keeps it, Esc drops it)", .warning)
      : wrapped("? help  1 2 3 a kind  n r e p i sort  / filter  space pause  q quit", .dim)
    // One line is for what does not fit.
    let room = max(self.rows - lines.count - foot.count - 1, 1)
    let first = min(view.offset, max(all.count - room, 0))
    lines += all.dropFirst(first).prefix(room)
    let left = all.count - first - room
    lines.append(left > 0 ? ScreenLine("\(left) more rows below", .dim) : ScreenLine())
    return lines + foot
  }

  /// The same as text that stays: every row, no colour, no key.
  static func plain(_ rows: [TopRow], _ view: TopView, columns: Int) -> String {
    let table = TopTable(view.chosen(rows), columns: columns)
    var lines = ([table.head] + table.lines).map {
      $0.rendered(columns: columns, inColour: false)
    }
    if !table.hidden.isEmpty { lines.append("no room for \(table.hidden.joined(separator: ", "))") }
    return lines.map { line in
      var line = line
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  private func title(_ rows: [TopRow], _ chosen: [TopRow], _ view: TopView) -> ScreenLine {
    let routes = rows.filter { $0.kind == .route }
    let rate = routes.reduce(0) { $0 + $1.requestsPerSecond }
    let errors = routes.reduce(0) { $0 + $1.errorsPerSecond }
    var line = ScreenLine("weir top", .strong)
    line.add("  \(Int(rate.rounded())) req/s  ")
    line.add("\(Int(errors.rounded())) err/s", errors > 0 ? .bad : .plain)
    line.add("  \(view.kind.map { $0.rawValue + "s" } ?? "all"), by \(view.order.rawValue)", .dim)
    if !view.filter.isEmpty { line.add("  /\(view.filter): \(chosen.count)", .warning) }
    if view.isPaused { line.add("  paused", .warning) }
    line.add("  \(proxy)", .dim)
    return line
  }

  /// Words on as many lines as the width asks for.
  private func wrapped(_ text: String, _ tone: ScreenTone) -> [ScreenLine] {
    ScreenText.wrapped(text, columns: columns).map { ScreenLine($0, tone) }
  }

  private static let help = [
    "", "Figures are of the time between two looks; requests and errors since the start.",
    "A route's p50 and p99 are bounds of the histogram in /metrics; an upstream's and an",
    "endpoint's are measured, over about the last half minute.", "",
    "  1 2 3 a       routes, upstreams, endpoints, all",
    "  n r e p i     sort by name, requests/s, errors/s, p99, in flight",
    "  /             filter by name, upstream, state or last error; Esc drops it",
    "  up, down      scroll          space   hold the figures still",
    "  Control-Z     stop the job    q       quit", "",
    "What became of one request: weir explain", "", "? goes back",
  ]
}
