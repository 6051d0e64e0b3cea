/// A family of gauges as they stood when somebody asked: what is read from machines at a scrape.
///
/// Why not in the registry: nobody counts in them, so nothing has to be kept for an endpoint that
/// has left. A value.
package struct GaugeReading: Sendable {
  package let name: String
  package let help: String
  package let labels: [String]
  package private(set) var series: [(values: [String], value: Int64)] = []
  /// What is beyond the registry's bound adds up here.
  private var overflow: Int?

  /// A share, kept in billionths.
  var isRatio: Bool { name.hasSuffix("_ratio") }

  package init(_ name: String, help: String, labels: [String]) {
    self.name = name
    self.help = help
    self.labels = labels
  }

  /// `values`: one for each label. Bounded as every family is.
  package mutating func add(_ values: [String], _ value: Int) {
    precondition(values.count == labels.count, "a value for each label")
    let value = Int64(max(value, 0))
    if series.count < MetricRegistry.seriesMax {
      series.append((values, value))
    } else if let overflow {
      series[overflow].value += value
    } else {
      overflow = series.count
      series.append((values.map { _ in "overflow" }, value))
    }
  }
}
