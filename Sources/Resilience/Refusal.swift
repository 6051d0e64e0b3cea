import Primitives

/// Words that the refusals of this library share.
enum Refusal {
  /// `; try again in 4.2 s`, rounded up; empty where the time is not known.
  static func again(_ retryAfter: Duration) -> String {
    guard retryAfter > .zero else { return "" }
    let tenths = (retryAfter.nanosecondsClamped - 1) / 100_000_000 + 1
    return "; try again in \(tenths / 10).\(tenths % 10) s"
  }
}
