/// A family of gauges, or of counters that others keep, as they stood when somebody asked: what is read
/// from machines at a scrape.
///
/// Why not in the registry: nobody counts in them there, so nothing has to be kept for an endpoint that
/// has left. A value.
package struct GaugeReading: Sendable {
  package enum Kind: String, Sendable {
    case gauge, counter
  }

  package let name: String
  package let kind: Kind
  package let help: String
  package let labels: [String]
  package private(set) var series: [(values: [String], value: Int64)] = []
  /// What is beyond the registry's bound adds up here.
  private var overflow: Int?
  private let seriesMax: Int

  /// A share, kept in billionths, or a time, kept in nanoseconds.
  var isFraction: Bool { name.hasSuffix("_ratio") || name.hasSuffix("_seconds") }

  /// `seriesMax`: what is beyond shares one series, at most the registry's bound.
  package init(
    _ name: String, _ kind: Kind = .gauge, help: String, labels: [String],
    seriesMax: Int = MetricRegistry.seriesMax
  ) {
    self.name = name
    self.kind = kind
    self.seriesMax = min(seriesMax, MetricRegistry.seriesMax)
    self.help = help
    self.labels = labels
  }

  /// `values`: one for each label. Bounded as every family is.
  package mutating func add(_ values: [String], _ value: Int) {
    precondition(values.count == labels.count, "a value for each label")
    let value = Int64(max(value, 0))
    if overflow == nil, series.count < seriesMax {
      series.append((values, value))
    } else if let overflow {
      series[overflow].value += value
    } else {
      overflow = series.count
      series.append((values.map { _ in "overflow" }, value))
    }
  }
}
