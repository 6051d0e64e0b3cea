import Primitives

/// How to write a quantity whose unit is not written as it must be.
enum UnitHint {
  private static let timeWords = [
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "m": "m", "min": "m", "mins": "m",
    "minute": "m", "minutes": "m", "s": "s", "sec": "s", "secs": "s", "second": "s",
    "seconds": "s", "ms": "ms", "msec": "ms", "millis": "ms", "millisecond": "ms",
    "milliseconds": "ms", "us": "us", "µs": "us", "usec": "us", "microseconds": "us",
  ]

  private static let sizeWords = [
    "b": "B", "byte": "B", "bytes": "B", "k": "KiB", "kb": "KiB", "kib": "KiB", "m": "MiB",
    "mb": "MiB", "mib": "MiB", "g": "GiB", "gb": "GiB", "gib": "GiB",
  ]

  /// `3 seconds`, `3S`, `2 min`, `1d`.
  static func duration(_ text: String, _ range: ClosedRange<Duration>) -> String {
    guard let (number, word) = parts(text) else { return "" }
    let isDays = ["d", "day", "days"].contains(word)
    if isDays, let days = Scalars.integer(number), days < 10_000 {
      return fitting("\(days * 24)h", range)
    }
    return timeWords[word].map { fitting(number + $0, range) } ?? ""
  }

  private static func fitting(_ text: String, _ range: ClosedRange<Duration>) -> String {
    Scalars.duration(text).map(range.contains) == true ? "; write \(text)" : ""
  }

  /// `64 KB`, `1m`.
  static func size(_ text: String, _ range: ClosedRange<Int>) -> String {
    guard let (number, word) = parts(text), let unit = sizeWords[word],
      Scalars.size(number + unit).map(range.contains) == true
    else { return "" }
    return "; write \(number)\(unit)"
  }

  /// `1,000`, `1_000`, `10k`.
  static func number(_ text: String, _ range: ClosedRange<Int>) -> String {
    let plain = text.filter { $0 != "," && $0 != "_" && $0 != " " }.lowercased()
    let digits = plain.hasSuffix("k") ? plain.dropLast() + "000" : plain[...]
    guard digits != text[...], let value = Scalars.integer(String(digits)), !digits.isEmpty,
      range.contains(value)
    else { return "" }
    return "; write \(value)"
  }

  /// The number and, in lower case, the word behind it; nil: the text has another form.
  private static func parts(_ text: String) -> (number: String, word: String)? {
    let plain = text.lowercased().filter { $0 != " " }
    let number = plain.prefix { ("0"..."9").contains($0) || $0 == "." }
    let word = plain[number.endIndex...]
    guard !number.isEmpty, !word.isEmpty, word.allSatisfy(\.isLetter) else { return nil }
    return (String(number), String(word))
  }
}
