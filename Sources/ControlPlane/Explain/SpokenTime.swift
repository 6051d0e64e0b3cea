/// Times for people: as many digits as help.
enum SpokenTime {
  /// `0.4 ms`, `17 ms`, `1.5 s`, `12 s`, `3 min`, `2 h`.
  static func text(_ nanoseconds: Int64) -> String {
    let tenths = max(nanoseconds, 0) / 100_000
    switch tenths {
    case ..<100: return "\(tenths / 10).\(tenths % 10) ms"
    case ..<10_000: return "\(tenths / 10) ms"
    case ..<100_000:
      let part = tenths / 1000 % 10
      return part == 0 ? "\(tenths / 10_000) s" : "\(tenths / 10_000).\(part) s"
    case ..<1_200_000: return "\(tenths / 10_000) s"
    case ..<72_000_000: return "\(tenths / 600_000) min"
    default: return "\(tenths / 36_000_000) h"
    }
  }

  /// Since the request began: `+0.1 ms`.
  static func offset(_ nanoseconds: Int64) -> String { "+" + text(nanoseconds) }
}
