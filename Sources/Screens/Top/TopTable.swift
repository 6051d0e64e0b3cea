/// The rows of `weir top` as columns. What a narrow terminal has no room for is named, never silently
/// gone.
struct TopTable: Sendable {
  private struct Column: Sendable {
    let title: String
    /// Dropped first where room is short: the greatest.
    let rank: Int
    var isRight = true
    let cell: @Sendable (TopRow) -> String
  }

  private static let columns: [Column] = [
    Column(title: "state", rank: 1, isRight: false) { $0.state.isEmpty ? "-" : $0.state },
    Column(title: "req/s", rank: 0) { decimal($0.requestsPerSecond) },
    Column(title: "err/s", rank: 2) { decimal($0.errorsPerSecond) },
    Column(title: "err%", rank: 0) { share($0) },
    Column(title: "p50", rank: 3) { time($0.p50) },
    Column(title: "p99", rank: 0) { time($0.p99) },
    Column(title: "in flight", rank: 4) { $0.inFlight.map(String.init) ?? "-" },
    Column(title: "conns", rank: 6) { $0.connections.map(String.init) ?? "-" },
    Column(title: "requests", rank: 7) { "\($0.requests)" },
    Column(title: "errors", rank: 8) { "\($0.errors)" },
    Column(title: "last error", rank: 5, isRight: false) { last($0) },
  ]

  /// A longer cell, as an error with its evidence, is cut where a "…" says so.
  private static let cellMax = 28

  private let rows: [TopRow]
  private var shown: [(column: Column, width: Int)]
  private let nameWidth: Int
  /// Titles of columns that have no room.
  private(set) var hidden: [String] = []

  /// - Parameter columns: how wide the table may be.
  init(_ rows: [TopRow], columns most: Int) {
    self.rows = rows
    let longest = rows.map { Self.name($0).count }.max() ?? 0
    nameWidth = min(max(longest, 8), max(most / 3, 20))
    shown = Self.columns.map { column in
      let longest = rows.map { column.cell($0).count }.max() ?? 0
      return (column, max(column.title.count, min(longest, Self.cellMax)))
    }
    while width > most, let worst = shown.indices.max(by: { rank($0) < rank($1) }),
      shown[worst].column.rank > 0
    {
      hidden.append(shown.remove(at: worst).column.title)
    }
  }

  private func rank(_ index: Int) -> Int { shown[index].column.rank }

  private var width: Int { nameWidth + shown.reduce(0) { $0 + $1.width + 2 } }

  /// An endpoint stands under its upstream, a little to the right.
  private static func name(_ row: TopRow) -> String {
    row.kind == .endpoint ? "  \(row.name)" : row.name
  }

  var head: ScreenLine {
    var line = ScreenLine("name", .dim)
    for (column, width) in shown { add(&line, column.title, column, width, .dim) }
    return line
  }

  var lines: [ScreenLine] {
    rows.map { row in
      let name = Self.name(row)
      var line = ScreenLine(
        name.count > nameWidth ? String(name.prefix(nameWidth - 1)) + "…" : name,
        row.kind == .endpoint ? .plain : .strong)
      for (column, width) in shown {
        add(&line, column.cell(row), column, width, row.isTroubled ? .bad : .plain)
      }
      return line
    }
  }

  private func add(
    _ line: inout ScreenLine, _ text: String, _ column: Column, _ width: Int, _ tone: ScreenTone
  ) {
    if line.width < nameWidth { line.pad(to: nameWidth) }
    let text = text.count > width ? text.prefix(width - 1) + "…" : text
    let space = String(repeating: " ", count: max(width - text.count, 0))
    line.add("  " + (column.isRight ? space + text : text + space), tone)
  }

  // MARK: Cells

  private static func decimal(_ value: Double) -> String {
    value >= 100 ? "\(Int(value.rounded()))" : "\(Double(Int(value * 10)) / 10)"
  }

  private static func share(_ row: TopRow) -> String {
    row.errorShare.map { decimal($0 * 100) + "%" } ?? "-"
  }

  /// `0.43ms`, `17ms`, `1.5s`.
  private static func time(_ microseconds: Int?) -> String {
    guard let microseconds else { return "-" }
    switch microseconds {
    case ..<10_000: return "\(Double(microseconds / 10) / 100)ms"
    case ..<1_000_000: return "\(microseconds / 1000)ms"
    default: return "\(Double(microseconds / 100_000) / 10)s"
    }
  }

  private static func last(_ row: TopRow) -> String {
    row.lastError.isEmpty ? row.reason.isEmpty ? "-" : row.reason : row.lastError
  }
}
