import HTTPModel
import Primitives

/// What an answer says about asking again.
enum ResponseHints {
  /// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date, which is held against the answer's own `Date`
  /// so that no two clocks need agree. Without a `Date` the answer is as old as its arrival, at
  /// `unixNanoseconds` (§6.6.1). `Int64.max`: longer than anybody waits. Nil: nothing was said, or
  /// nothing that can be read.
  static func retryAfterNanoseconds(
    _ head: ResponseHead, _ bytes: Span<UInt8>, unixNanoseconds: @autoclosure () -> Int64
  ) -> Int64? {
    guard head.present.contains(.retryAfter), let field = value(.retryAfter, of: head) else {
      return nil
    }
    let text = bytes.extracting(field)
    if Token.isDecimal(text) {
      let seconds = Token.decimal(text) ?? .max
      return seconds > waitedSecondsMax ? .max : Int64(seconds) * 1_000_000_000
    }
    let arrived = unixNanoseconds() / 1_000_000_000
    guard let date = HTTPDate.unixSeconds(text, now: arrived) else { return nil }
    let sent = value(.date, of: head).flatMap {
      HTTPDate.unixSeconds(bytes.extracting($0), now: arrived)
    }
    let seconds = max(date - (sent ?? arrived), 0)
    // A date may be thousands of years away, which is more nanoseconds than a number holds.
    return UInt64(seconds) > waitedSecondsMax ? .max : seconds * 1_000_000_000
  }

  /// A hundred years and more.
  private static let waitedSecondsMax: UInt64 = 1 << 32

  private static func value(_ name: FieldName, of head: ResponseHead) -> Range<Int>? {
    head.fields.first { $0.id == name }?.value.bounds
  }

  /// How far a status line must be there for its status to be known: `HTTP/1.1 200`.
  static let statusEnd = 12

  /// The status of the answer that begins with `bytes`, before it is decoded; nil: not known yet.
  static func status(_ bytes: Span<UInt8>) -> UInt16? {
    guard bytes.count >= statusEnd, bytes[8] == 0x20 else { return nil }
    return Token.decimal(bytes.extracting(9..<statusEnd)).map { UInt16(clamping: $0) }
  }

  /// A proxy below has tried again already, or asks not to be (`x-envoy-overloaded`).
  static func isRetriedBelow(_ head: ResponseHead) -> Bool {
    head.present.contains(.xWeirRetried) || head.present.contains(.xEnvoyOverloaded)
  }
}
