/// Times for people: three digits, or what a clock would say.
enum SpokenTime {
  private static let millisecond: Int64 = 1_000_000
  private static let second: Int64 = 1_000_000_000

  /// `0.43 ms`, `17.3 ms`, `431 ms`, `1.52 s`, `14.8 s`, `3 min 12 s`, `2 h 5 min`; zeros at the end
  /// are left out, and nothing is rounded up: what is left must not be said to be more.
  static func text(_ nanoseconds: Int64) -> String {
    let time = max(nanoseconds, 0)
    switch time {
    case ..<(10 * millisecond): return decimal(time, millisecond, places: 2) + " ms"
    case ..<(100 * millisecond): return decimal(time, millisecond, places: 1) + " ms"
    case ..<second: return "\(time / millisecond) ms"
    case ..<(10 * second): return decimal(time, second, places: 2) + " s"
    case ..<(60 * second): return decimal(time, second, places: 1) + " s"
    case ..<(3600 * second): return pair(time / second, "min", "s")
    default: return pair(time / (60 * second), "h", "min")
    }
  }

  /// Since the request began: `+0.1 ms`.
  static func offset(_ nanoseconds: Int64) -> String { "+" + text(nanoseconds) }

  private static func decimal(_ time: Int64, _ unit: Int64, places: Int) -> String {
    let scale: Int64 = places == 2 ? 100 : 10
    let scaled = time / (unit / scale)
    var digits = String(scaled % scale)
    digits = String(repeating: "0", count: places - digits.count) + digits
    while digits.last == "0" { digits.removeLast() }
    return digits.isEmpty ? "\(scaled / scale)" : "\(scaled / scale).\(digits)"
  }

  private static func pair(_ small: Int64, _ large: String, _ unit: String) -> String {
    small % 60 == 0 ? "\(small / 60) \(large)" : "\(small / 60) \(large) \(small % 60) \(unit)"
  }
}
