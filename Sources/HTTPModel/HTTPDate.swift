import Primitives

/// Reads the three forms of a date (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`,
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
///
/// The day of the week is passed over: the other fields say it already. Cost: a few comparisons, no
/// allocation.
package enum HTTPDate {
  private static let hyphen = UInt8(ascii: "-")
  private static let colon = UInt8(ascii: ":")

  /// Seconds since 1970; nil: this is no date. `now`: in the same seconds; a year of two digits that
  /// would lie more than fifty years ahead of it is of the century before.
  package static func unixSeconds(_ bytes: Span<UInt8>, now: Int64) -> Int64? {
    guard let comma = (0..<bytes.count).first(where: { bytes[$0] == UInt8(ascii: ",") }) else {
      return asctime(bytes)
    }
    let rest = bytes.extracting((comma + 1)..<bytes.count)
    // " 06 Nov 1994 08:49:37 GMT" or " 06-Nov-94 08:49:37 GMT".
    switch rest.count {
    case 25:
      guard rest[0] == 0x20, rest[3] == 0x20, rest[7] == 0x20, rest[12] == 0x20, isGMT(rest, 21),
        let year = number(rest, 8..<12)
      else { return nil }
      return seconds(year, month: month(rest, 4), day: number(rest, 1..<3), rest, clock: 13)
    case 23:
      guard rest[0] == 0x20, rest[3] == hyphen, rest[7] == hyphen, rest[10] == 0x20,
        isGMT(rest, 19), let short = number(rest, 8..<10)
      else { return nil }
      let today = year(ofDay: now / 86_400)
      var full = today - today % 100 + short
      if full > today + 50 { full -= 100 }
      return seconds(full, month: month(rest, 4), day: number(rest, 1..<3), rest, clock: 11)
    default: return nil
    }
  }

  private static func asctime(_ bytes: Span<UInt8>) -> Int64? {
    guard bytes.count == 24, bytes[3] == 0x20, bytes[7] == 0x20, bytes[10] == 0x20,
      bytes[19] == 0x20,
      let year = number(bytes, 20..<24)
    else { return nil }
    let day = bytes[8] == 0x20 ? number(bytes, 9..<10) : number(bytes, 8..<10)
    return seconds(year, month: month(bytes, 4), day: day, bytes, clock: 11)
  }

  private static func seconds(
    _ year: Int64, month: Int64?, day: Int64?, _ bytes: Span<UInt8>, clock: Int
  ) -> Int64? {
    guard let month, let day, bytes[clock + 2] == colon, bytes[clock + 5] == colon,
      let hour = number(bytes, clock..<clock + 2),
      let minute = number(bytes, (clock + 3)..<clock + 5),
      // 60: a leap second.
      let second = number(bytes, (clock + 6)..<clock + 8), hour < 24, minute < 60, second <= 60,
      day >= 1, day <= days(of: month, year)
    else { return nil }
    return days(until: year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
  }

  private static func days(of month: Int64, _ year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return switch month {
    case 2: isLeap ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970 (Hinnant, chrono-compatible date algorithms).
  private static func days(until year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year + 399 : year + 400
    let ofEra = shifted % 400
    let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return (shifted / 400) * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
      - 146_097
  }

  /// To within a day of its ends.
  private static func year(ofDay day: Int64) -> Int64 { 1970 + day * 400 / 146_097 }

  /// By its three letters, at `place`; the case counts.
  private static func month(_ bytes: Span<UInt8>, _ place: Int) -> Int64? {
    var letters: UInt32 = 0
    for index in place..<place + 3 { letters = letters << 8 | UInt32(bytes[index]) }
    switch letters {
    case 0x4A_61_6E: return 1
    case 0x46_65_62: return 2
    case 0x4D_61_72: return 3
    case 0x41_70_72: return 4
    case 0x4D_61_79: return 5
    case 0x4A_75_6E: return 6
    case 0x4A_75_6C: return 7
    case 0x41_75_67: return 8
    case 0x53_65_70: return 9
    case 0x4F_63_74: return 10
    case 0x4E_6F_76: return 11
    case 0x44_65_63: return 12
    default: return nil
    }
  }

  private static func isGMT(_ bytes: Span<UInt8>, _ place: Int) -> Bool {
    bytes[place] == 0x20 && bytes[place + 1] == UInt8(ascii: "G")
      && bytes[place + 2] == UInt8(ascii: "M") && bytes[place + 3] == UInt8(ascii: "T")
  }

  private static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int64? {
    Token.decimal(bytes.extracting(range)).map { Int64($0) }
  }
}
