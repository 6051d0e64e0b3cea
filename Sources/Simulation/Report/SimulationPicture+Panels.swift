/// What the panels show.
extension SimulationPicture {
  private typealias Points = [(x: Double, y: Double)]

  /// Each sample at its middle.
  private func points(_ run: SimulationRun, _ axis: Axis, _ value: (Series.Sample) -> Double?)
    -> Points
  {
    let step = run.seconds / Double(max(run.total.samples.count, 1))
    return run.total.samples.enumerated().compactMap { index, sample in
      value(sample).map { (time.place((Double(index) + 0.5) * step), axis.place($0)) }
    }
  }

  /// Requests a second.
  mutating func drawRates() {
    let scale = Double(runs[0].total.samples.count) / runs[0].seconds
    let most =
      runs.flatMap(\.total.samples)
      .map { Double(max($0.counts.offered, $0.counts.good)) * scale }.max() ?? 1
    var entries = [Entry(words: "offered", colour: Self.grey)]
    for (index, run) in runs.enumerated() {
      entries.append(Entry(words: words("good", run), colour: Self.colour(index)))
      if run.total.counts.degraded > 0 {
        entries.append(
          Entry(words: words("of them by fallbacks", run), colour: Self.colour(index), dash: "2 3"))
      }
    }
    let axis = frame(
      "Requests of clients, a second", entries, .linear, most: most, number: Numbers.short)
    let offered = points(runs[0], axis) { Double($0.counts.offered) * scale }
    if let first = offered.first, let last = offered.last {
      let floor = axis.place(0)
      svg.area(
        [(first.x, floor)] + offered + [(last.x, floor)], fill: Self.grey, opacity: 0.18)
    }
    svg.line(offered, stroke: Self.grey, width: 1.5)
    for (index, run) in runs.enumerated() {
      svg.line(
        points(run, axis) { Double($0.counts.good) * scale }, stroke: Self.colour(index), width: 2)
      if run.total.counts.degraded > 0 {
        svg.line(
          points(run, axis) { Double($0.counts.degraded) * scale }, stroke: Self.colour(index),
          width: 1.5, dash: "2 3")
      }
    }
    top += Self.panelHeight + Self.gap
  }

  /// How long good answers took; samples without one leave a gap.
  mutating func drawLatencies() {
    let samples = runs.flatMap(\.total.samples)
    let most = samples.map { Double($0.p99) / 1_000_000 }.max() ?? 1
    let fastest = samples.map { Double($0.p50) / 1_000_000 }.filter { $0 > 0 }.min() ?? 1
    var least = 1.0
    while least > fastest, least > 0.001 { least /= 10 }
    while least * 10 <= fastest { least *= 10 }
    let kinds: [(word: String, isMedian: Bool, dash: String?)] = [
      ("p50", true, "5 3"), ("p99", false, nil),
    ]
    let entries = runs.enumerated().flatMap { index, run in
      kinds.map {
        Entry(words: words($0.word, run), colour: Self.colour(index), dash: $0.dash)
      }
    }
    let axis = frame(
      "Latency of good answers in which no fallback had a part, logarithmic", entries,
      .logarithmic(least: least), most: most, number: { Numbers.axisTime($0 * 1_000_000) })
    for (index, run) in runs.enumerated() {
      for kind in kinds {
        for piece in pieces(run, { kind.isMedian ? $0.p50 : $0.p99 }) {
          svg.line(
            piece.map { ($0.x, axis.place($0.y)) }, stroke: Self.colour(index),
            width: kind.isMedian ? 1.5 : 2, dash: kind.dash)
        }
      }
    }
    top += Self.panelHeight + Self.gap
  }

  /// Runs of samples that have a value, in milliseconds.
  private func pieces(_ run: SimulationRun, _ value: (Series.Sample) -> Int64) -> [Points] {
    let step = run.seconds / Double(max(run.total.samples.count, 1))
    var pieces: [Points] = [[]]
    for (index, sample) in run.total.samples.enumerated() {
      let x = time.place((Double(index) + 0.5) * step)
      if value(sample) > 0 {
        pieces[pieces.count - 1].append((x, Double(value(sample)) / 1_000_000))
      } else if !pieces[pieces.count - 1].isEmpty {
        pieces.append([])
      }
    }
    return pieces
  }

  /// The share of attempts that are retries, over all services.
  mutating func drawRetries() {
    let shares = runs.map(\.retryShares)
    let most = max(shares.flatMap { $0 }.max() ?? 0, 0.01) * 100
    let entries = runs.enumerated().map {
      Entry(words: words("retries", $1), colour: Self.colour($0))
    }
    let axis = frame(
      "Retries among the attempts at all services", entries, .linear, most: most,
      number: { Numbers.short($0) + "%" })
    for (index, run) in runs.enumerated() {
      let step = run.seconds / Double(max(shares[index].count, 1))
      let line = shares[index].enumerated().map { sample, share in
        (x: time.place((Double(sample) + 0.5) * step), y: axis.place(share * 100))
      }
      svg.line(line, stroke: Self.colour(index), width: 2)
    }
    top += Self.panelHeight + Self.gap
  }

  /// One row for each upstream about which there is something to tell.
  mutating func drawBands() {
    guard !bands.isEmpty else { return }
    heading(
      "How sidecars see services",
      Band.Colour.allCases.map { Entry(words: $0.words, colour: $0.rawValue, isArea: true) })
    for band in bands {
      let step = (plotRight - Self.left) / Double(max(band.samples.count, 1))
      // The name above, for over the band it would hide what it names.
      let words = Self.cut(band.words, width: plotRight - Self.left, size: 11)
      svg.text(words, x: Self.left, y: top + 10, size: 11, fill: "#111111")
      let y = top + Self.bandHeight - Self.bandThickness - 2
      svg.rectangle(
        x: Self.left, y: y, width: plotRight - Self.left, height: Self.bandThickness,
        fill: "#f1f3f5", opacity: 0.6)
      for span in band.spans {
        svg.rectangle(
          x: Self.left + Double(span.begin) * step, y: y,
          width: Double(span.end - span.begin) * step, height: Self.bandThickness,
          fill: span.colour.rawValue, opacity: span.opacity)
      }
      svg.rectangle(
        x: Self.left - 10, y: top + 1, width: 5, height: Self.bandHeight - 3,
        fill: runs.count > 1 ? Self.colour(band.run) : Self.grey)
      top += Self.bandHeight
    }
    drawTimeAxis(at: top)
  }
}

extension SimulationRun {
  fileprivate var retryShares: [Double] {
    total.samples.indices.map { sample in
      let attempts = services.reduce(0) { $0 + $1.samples[sample].counts.attempts }
      let retries = services.reduce(0) { $0 + $1.samples[sample].counts.retries }
      return attempts == 0 ? 0 : Double(retries) / Double(attempts)
    }
  }
}
