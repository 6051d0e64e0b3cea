import Primitives

/// Reads the values that one word holds, nil: not such a value; and writes them.
package enum Scalars {
  /// The largest first: parts of a duration stand in this order.
  private static let timeUnits: [(name: String, nanoseconds: Int64)] = [
    ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
    ("us", 1000),
  ]

  /// `5s`, `0.5s`, `1m30s`: parts of falling units, each perhaps with a fraction; whole
  /// nanoseconds.
  package static func duration(_ text: String) -> Duration? {
    var rest = text[...]
    var sum: Int64 = 0
    var units = timeUnits[...]
    while !rest.isEmpty {
      let number = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
      rest = rest[number.endIndex...]
      let name = rest.prefix { !("0"..."9").contains($0) && $0 != "." }
      rest = rest[name.endIndex...]
      guard let place = units.firstIndex(where: { $0.name == name }),
        let part = nanoseconds(number, units[place].nanoseconds)
      else { return nil }
      let (next, overflow) = sum.addingReportingOverflow(part)
      guard !overflow else { return nil }
      sum = next
      units = units[(place + 1)...]
    }
    return text.isEmpty ? nil : .nanoseconds(sum)
  }

  /// `number`, such as `1.5`, of a unit.
  private static func nanoseconds(_ number: Substring, _ unit: Int64) -> Int64? {
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = digits(parts[0]), parts.count == 1 || !parts[1].isEmpty
    else { return nil }
    let (nanoseconds, overflow) = Int64(whole).multipliedReportingOverflow(by: unit)
    guard !overflow else { return nil }
    guard parts.count == 2 else { return nanoseconds }
    var fraction: Int64 = 0
    var scale = unit
    for digit in parts[1] {
      guard scale % 10 == 0, let value = digit.wholeNumberValue else { return nil }
      scale /= 10
      fraction += Int64(value) * scale
    }
    let (sum, isTooMuch) = nanoseconds.addingReportingOverflow(fraction)
    return isTooMuch ? nil : sum
  }

  static func size(_ text: String) -> Int? {
    let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
    let (digits, unit) = split(text)
    guard let amount = Int(digits), let scale = units.first(where: { $0.0 == unit })?.1 else {
      return nil
    }
    let (bytes, overflow) = amount.multipliedReportingOverflow(by: scale)
    return overflow ? nil : bytes
  }

  /// A file's mode, three octal digits behind an optional 0.
  static func octal(_ text: String) -> Int? {
    let digits = text.utf8.count == 4 && text.hasPrefix("0") ? text.dropFirst() : text[...]
    guard digits.utf8.count == 3, digits.utf8.allSatisfy({ (0x30...0x37).contains($0) }) else {
      return nil
    }
    return Int(digits, radix: 8)
  }

  /// Basis points: `12.5%` is 1250. Two places behind the point at most.
  static func percentage(_ text: String) -> Int? {
    guard text.last == "%" else { return nil }
    let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = digits(parts[0]), whole <= 1_000_000 else { return nil }
    guard parts.count == 2 else { return whole * 100 }
    guard parts[1].utf8.count <= 2, let part = digits(parts[1]) else { return nil }
    return whole * 100 + (parts[1].utf8.count == 1 ? part * 10 : part)
  }

  /// `503`, or `500-599`; 100...599 (RFC 9110 §15).
  package static func statuses(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(digits)
    guard ends.count <= 2, let low = ends[0], let high = ends[ends.count - 1], low <= high,
      low >= 100, high <= 599
    else { return nil }
    return low...high
  }

  private static func digits(_ text: Substring) -> Int? {
    text.isEmpty ? nil : integer(String(text))
  }

  static func integer(_ text: String) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  /// YAML 1.2's words only: `no` and `on` are names.
  static func boolean(_ text: String) -> Bool? {
    text == "true" ? true : text == "false" ? false : nil
  }

  /// A host name and a port (RFC 1123 §2.1).
  static func namedAddress(_ text: String) -> (host: String, port: UInt16)? {
    guard let colon = text.lastIndex(of: ":"),
      let port = SocketAddress.port(text[text.index(after: colon)...])
    else { return nil }
    let host = text[..<colon]
    let isName =
      !host.isEmpty && host.utf8.count <= 253
      && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
          && label.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")
          }
      }
    // What reads like an address and is none would be looked up in vain.
    let isNumeric = host.allSatisfy { $0.isNumber || $0 == "." }
    return isName && !isNumeric && port > 0 ? (String(host), port) : nil
  }

  package static func text(_ duration: Duration) -> String {
    let nanoseconds = duration.nanosecondsClamped
    for (unit, scale) in [
      ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
    ] as [(String, Int64)] where nanoseconds % scale == 0 && nanoseconds >= scale {
      return "\(nanoseconds / scale)\(unit)"
    }
    return nanoseconds == 0 ? "0s" : "\(nanoseconds / 1000)us"
  }

  package static func text(bytes: Int) -> String {
    for (unit, scale) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    where bytes % scale == 0 && bytes >= scale {
      return "\(bytes / scale)\(unit)"
    }
    return "\(bytes)B"
  }

  package static func text(basisPoints: Int) -> String {
    let (whole, part) = basisPoints.quotientAndRemainder(dividingBy: 100)
    if part == 0 { return "\(whole)%" }
    return part % 10 == 0 ? "\(whole).\(part / 10)%" : "\(whole).\(part < 10 ? "0" : "")\(part)%"
  }

  package static func text(_ statuses: ClosedRange<Int>) -> String {
    statuses.count == 1
      ? "\(statuses.lowerBound)" : "\(statuses.lowerBound)-\(statuses.upperBound)"
  }

  private static func split(_ text: String) -> (Substring, Substring) {
    let end = text.firstIndex { !("0"..."9").contains($0) } ?? text.endIndex
    return (text[..<end], text[end...])
  }
}
