/// How reports write numbers.
enum Numbers {
  /// `1,234,567`.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var result = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result += "," }
      result.append(digit)
    }
    return result
  }

  /// With so many places behind the point.
  static func decimal(_ value: Double, places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((value * Double(scale)).rounded())
    guard places > 0 else { return "\(scaled)" }
    let rest = String(scaled.magnitude % UInt(scale))
    let zeros = String(repeating: "0", count: places - rest.count)
    return "\(scaled < 0 ? "-" : "")\(scaled.magnitude / UInt(scale)).\(zeros)\(rest)"
  }

  /// `98.7%`; of nothing: a dash.
  static func percent(_ part: Int, of whole: Int) -> String {
    whole == 0 ? "–" : percent(Double(part) / Double(whole))
  }

  static func percent(_ share: Double) -> String { decimal(share * 100, places: 1) + "%" }

  /// `350us`, `4.2ms`, `1.50s`.
  static func time(_ nanoseconds: Int64) -> String {
    let value = Double(nanoseconds)
    return switch nanoseconds {
    case 0: "–"
    case ..<1_000_000: decimal(value / 1000, places: 0) + "us"
    case ..<10_000_000: decimal(value / 1_000_000, places: 1) + "ms"
    case ..<1_000_000_000: decimal(value / 1_000_000, places: 0) + "ms"
    default: decimal(value / 1_000_000_000, places: 2) + "s"
    }
  }

  /// For axes: `10ms`, `1s`.
  static func axisTime(_ nanoseconds: Double) -> String {
    switch nanoseconds {
    case 1_000_000_000...: trimmed(nanoseconds / 1_000_000_000) + " s"
    case 1_000_000...: trimmed(nanoseconds / 1_000_000) + " ms"
    default: trimmed(nanoseconds / 1000) + " µs"
    }
  }

  /// For axes: `250`, `1.5k`, `20k`, `1M`.
  static func short(_ value: Double) -> String {
    switch value {
    case 1_000_000...: trimmed(value / 1_000_000) + "M"
    case 1000...: trimmed(value / 1000) + "k"
    default: trimmed(value)
    }
  }

  private static func trimmed(_ value: Double) -> String {
    var text = decimal(value, places: 2)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }
}
