/// Renders all metrics in Prometheus' text format 0.0.4 or in OpenMetrics 1.0.
package enum Exposition {
  package enum Format: Sendable {
    case text, openMetrics

    package var contentType: String {
      switch self {
      case .text: "text/plain; version=0.0.4; charset=utf-8"
      case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
      }
    }
  }

  /// `shards`: the values of each loop.
  package static func render(
    _ registry: MetricRegistry, shards: [[UInt64]], format: Format
  ) -> String {
    render(CounterTotals(registry, shards: shards), format: format)
  }

  /// Cost: linear; for Dispatch, not for a loop.
  package static func render(_ totals: CounterTotals, format: Format) -> String {
    var text = ""
    for definition in totals.definitions where !definition.series.isEmpty {
      append(definition, totals.sums, format, &text)
    }
    for gauge in totals.gauges where !gauge.series.isEmpty {
      var family = gauge.name
      if format == .openMetrics, gauge.kind == .counter { family.removeLast("_total".count) }
      text += "# HELP \(family) \(escaped(gauge.help))\n# TYPE \(family) \(gauge.kind.rawValue)\n"
      for (values, value) in gauge.series {
        let shown = gauge.isFraction ? seconds(UInt64(max(value, 0))) : "\(value)"
        text += "\(gauge.name)\(braced(pairs(gauge.labels, values))) \(shown)\n"
      }
    }
    if format == .openMetrics { text += "# EOF\n" }
    return text
  }

  private static func append(
    _ definition: MetricRegistry.Definition, _ sums: [UInt64], _ format: Format,
    _ text: inout String
  ) {
    var family = definition.name
    let type: String
    switch definition.kind {
    case .counter:
      type = "counter"
      if format == .openMetrics, family.hasSuffix("_total") { family.removeLast(6) }
    case .gauge: type = "gauge"
    case .histogram: type = "histogram"
    }
    text += "# HELP \(family) \(escaped(definition.help))\n# TYPE \(family) \(type)\n"
    for (values, slot) in definition.series {
      guard slot + definition.kind.slotCount <= sums.count else { continue }
      let labels = pairs(definition.labels, values)
      switch definition.kind {
      case .histogram(let bounds):
        appendHistogram(
          definition.name, labels, sums[slot..<slot + bounds.count + 2], bounds, &text)
      case .counter, .gauge:
        let shown =
          definition.isDuration
          ? seconds(sums[slot])
          : definition.kind == .gauge
            ? String(Int64(bitPattern: sums[slot])) : String(sums[slot])
        text += "\(definition.name)\(braced(labels)) \(shown)\n"
      }
    }
  }

  private static func appendHistogram(
    _ name: String, _ labels: [String], _ values: ArraySlice<UInt64>, _ bounds: [UInt64],
    _ text: inout String
  ) {
    let first = values.startIndex
    var count: UInt64 = 0
    for index in 0...bounds.count {
      count += values[first + index]
      let bound = index < bounds.count ? seconds(bounds[index]) : "+Inf"
      text += "\(name)_bucket\(braced(labels + ["le=\"\(bound)\""])) \(count)\n"
    }
    text += "\(name)_sum\(braced(labels)) \(seconds(values[first + bounds.count + 1]))\n"
    text += "\(name)_count\(braced(labels)) \(count)\n"
  }

  private static func pairs(_ labels: [String], _ values: [String]) -> [String] {
    zip(labels, values).map { "\($0)=\"\(escaped($1))\"" }
  }

  private static func braced(_ labels: [String]) -> String {
    labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
  }

  /// Nanoseconds as seconds, exactly.
  static func seconds(_ nanoseconds: UInt64) -> String {
    let fraction = nanoseconds % 1_000_000_000
    guard fraction > 0 else { return "\(nanoseconds / 1_000_000_000).0" }
    var digits = String(fraction)
    digits = String(repeating: "0", count: 9 - digits.count) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(nanoseconds / 1_000_000_000).\(digits)"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
