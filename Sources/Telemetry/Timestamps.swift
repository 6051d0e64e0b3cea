import Primitives

/// The date's text, made once a second and copied for each line or response.
package struct Timestamps {
  private var second: Int64 = .min
  private var log: [UInt8] = []
  private var http: [UInt8] = []

  package init() {}

  /// `2026-11-23T20:15:04.123Z` (RFC 3339).
  package mutating func appendLogTime(_ unixNanoseconds: Int64, to out: Buffer) {
    refresh(unixNanoseconds / 1_000_000_000)
    out.append(log)
    let milliseconds = UInt64(unixNanoseconds / 1_000_000 % 1000)
    out.append(UInt8(0x30 + milliseconds / 100))
    out.append(UInt8(0x30 + milliseconds / 10 % 10))
    out.append(UInt8(0x30 + milliseconds % 10))
    out.append(0x5A)
  }

  /// `Mon, 23 Nov 2026 20:15:04 GMT` (RFC 9110 §5.6.7).
  package mutating func appendHTTPDate(_ unixNanoseconds: Int64, to out: Buffer) {
    refresh(unixNanoseconds / 1_000_000_000)
    out.append(http)
  }

  private mutating func refresh(_ now: Int64) {
    guard now != second else { return }
    second = now
    let day = now / 86_400
    let (year, month, dayOfMonth) = Self.civil(day)
    let time = now % 86_400
    let clock = "\(Self.two(time / 3600)):\(Self.two(time / 60 % 60)):\(Self.two(time % 60))"
    log = Array("\(year)-\(Self.two(month))-\(Self.two(dayOfMonth))T\(clock).".utf8)
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(day % 7)]
    let name = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ][Int(month) - 1]
    http = Array("\(weekday), \(Self.two(dayOfMonth)) \(name) \(year) \(clock) GMT".utf8)
  }

  private static func two(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }

  /// The Gregorian date of a day since 1970 (Hinnant, chrono-compatible date algorithms).
  private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let index = (5 * dayOfYear + 2) / 153
    let month = index < 10 ? index + 3 : index - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * index + 2) / 5 + 1)
  }
}
