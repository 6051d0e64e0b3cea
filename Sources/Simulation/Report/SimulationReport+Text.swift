import ProxyConfiguration

/// The summary table.
extension SimulationReport {
  package var text: String {
    guard let first = runs.first else { return "" }
    var text = "\(first.scenario.name)\n"
    if !first.scenario.about.isEmpty { text += "\(first.scenario.about)\n" }
    let seconds = Numbers.decimal(first.seconds, places: 0)
    text += "\(seconds) s of virtual time, seed \(first.seed)\n\n"
    var table = TextTable()
    table.add(Self.columns)
    for run in runs { add(run, to: &table) }
    text += table.text
    for run in runs { text += failures(of: run) }
    return text + "\n" + closing(first)
  }

  /// One sentence for who reads no table: `good 97.2% of 120,000`; of a comparison what each changes
  /// against the first: `retry-storm-budget: good +55.8 points, p99 1.20s instead of 8.40s`.
  private func closing(_ first: SimulationRun) -> String {
    guard isComparison else { return sentence(first) + "\n" }
    let base = first.total
    var text = "\(first.label): \(sentence(first))\n"
    for run in runs.dropFirst() {
      let points = (Self.goodShare(run.total) - Self.goodShare(base)) * 100
      let sign = points < 0 ? "" : "+"
      let times = [run.total, base].map { Numbers.time($0.whole.percentile(0.99)) }
      text += "\(run.label): good \(sign)\(Numbers.decimal(points, places: 1)) points"
      text += times[0] == times[1] ? ", the same p99" : ", p99 \(times[0]) instead of \(times[1])"
      text += " (against \(first.label))\n"
    }
    return text
  }

  private func sentence(_ run: SimulationRun) -> String {
    let counts = run.total.counts
    let share = Numbers.percent(Self.goodShare(run.total))
    let degraded =
      counts.degraded > 0
      ? ", \(Numbers.percent(counts.degraded, of: counts.good + counts.failed)) of them by fallbacks"
      : ""
    return "good \(share) of \(Numbers.grouped(counts.good + counts.failed)) requests\(degraded)"
  }

  private static func goodShare(_ series: Series) -> Double {
    let ended = series.counts.good + series.counts.failed
    return ended == 0 ? 0 : Double(series.counts.good) / Double(ended)
  }

  private static let columns = [
    "", "offered", "good", "failed", "p50", "p90", "p99", "p99.9", "tries", "retries", "open",
    "away", "fallback",
  ]

  private func add(_ run: SimulationRun, to table: inout TextTable) {
    if isComparison { table.add(["\(run.label):"]) }
    for series in run.clients { table.add(row(series, isService: false)) }
    for series in run.services { table.add(row(series, isService: true)) }
  }

  private func row(_ series: Series, isService: Bool) -> [String] {
    let counts = series.counts
    let ended = counts.good + counts.failed
    let times = [0.5, 0.9, 0.99, 0.999].map { Numbers.time(series.whole.percentile($0)) }
    let cells =
      [
        isService ? "  → \(series.name)" : series.name, Numbers.grouped(counts.offered),
        Numbers.percent(counts.good, of: ended), Numbers.percent(counts.failed, of: ended),
      ] + times
    guard isService else { return cells }
    let tries = counts.offered == 0 ? 0 : Double(counts.attempts) / Double(counts.offered)
    return cells + [
      Numbers.decimal(tries, places: 2), Numbers.percent(counts.retries, of: counts.attempts),
      Numbers.percent(series.mean(\.open)), Numbers.percent(series.mean(\.away)),
      Numbers.percent(counts.fallbacks, of: ended),
    ]
  }

  private func failures(of run: SimulationRun) -> String {
    let failed = (run.clients + run.services).filter { $0.counts.failed > 0 }
    let width = failed.map(\.name.count).max() ?? 0
    var text = ""
    for series in failed {
      let reasons = Reason.all.filter { series.reasons[Int($0.code)] > 0 }
        .sorted { series.reasons[Int($0.code)] > series.reasons[Int($1.code)] }
      let words = reasons.map { "\($0.name) \(Numbers.grouped(series.reasons[Int($0.code)]))" }
      text += "  \(series.name.padded(to: width))  \(words.joined(separator: ", "))\n"
    }
    if text.isEmpty { return "" }
    return "\nfailures\(isComparison ? " of \(run.label)" : "")\n" + text
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(width - count, 0))
  }
}
