/// A row below the panels: how the sidecars of one run see one service over time.
struct Band {
  /// The worst of what may be told of a sample wins, in this order.
  /// Red is what refuses; none of them is a run's colour, the faults' or that of what was offered.
  enum Colour: String, CaseIterable {
    case open = "#d62839"
    case halfOpen = "#ffb3c1"
    case away = "#2b2b2b"
    case busy = "#a0623a"

    var words: String {
      switch self {
      case .open: "breakers open"
      case .halfOpen: "half open"
      case .away: "endpoints away"
      case .busy: "all places busy"
      }
    }
  }

  /// Samples `begin` ..< `end`.
  struct Span {
    var begin: Int
    var end: Int
    var colour: Colour
    /// How many of the sidecars, endpoints or places it is.
    var opacity: Double
  }

  let run: Int
  let words: String
  let samples: [Series.Sample]

  /// The bands of those services that show anything, run by run.
  static func bands(of runs: [SimulationRun]) -> [Band] {
    runs.enumerated().flatMap { index, run in
      run.services.map { service in
        Band(
          run: index, words: runs.count > 1 ? "\(service.name): \(run.label)" : service.name,
          samples: service.samples)
      }
    }
    .filter { !$0.spans.isEmpty }
  }

  /// Equal neighbours are one.
  var spans: [Span] {
    var spans: [Span] = []
    for (index, sample) in samples.enumerated() {
      guard let (colour, share) = Self.worst(sample.state) else { continue }
      let opacity = 0.25 + 0.75 * (share * 10).rounded(.up) / 10
      if let last = spans.last, last.end == index, last.colour == colour, last.opacity == opacity {
        spans[spans.count - 1].end += 1
      } else {
        spans.append(Span(begin: index, end: index + 1, colour: colour, opacity: opacity))
      }
    }
    return spans
  }

  private static func worst(_ state: Series.UpstreamState) -> (Colour, Double)? {
    if state.open > 0 { return (.open, state.open) }
    if state.halfOpen > 0 { return (.halfOpen, state.halfOpen) }
    if state.away > 0 { return (.away, state.away) }
    return state.busy >= 0.98 ? (.busy, 0.4) : nil
  }
}
