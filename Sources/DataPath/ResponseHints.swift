import HTTP1
import HTTPModel
import Primitives

/// What an answer says about asking again.
enum ResponseHints {
  /// `Retry-After` in seconds (RFC 9110 §10.2.3). A date is taken for nothing said: two clocks would
  /// have to agree.
  static func retryAfterNanoseconds(_ head: ResponseHead, _ bytes: Span<UInt8>) -> Int64? {
    guard head.present.contains(.retryAfter),
      let field = head.fields.first(where: { $0.id == .retryAfter }),
      let seconds = Token.decimal(bytes.extracting(field.value.bounds)), seconds < 1 << 32
    else { return nil }
    return Int64(seconds) * 1_000_000_000
  }

  /// How far a status line must be there for its status to be known: `HTTP/1.1 200`.
  static let statusEnd = 12

  /// Of the answer that begins with `bytes`, before it is decoded; nil: not known yet.
  static func status(_ bytes: Span<UInt8>) -> UInt16? {
    guard bytes.count >= statusEnd, bytes[8] == 0x20 else { return nil }
    return Token.decimal(bytes.extracting(9..<statusEnd)).map { UInt16(clamping: $0) }
  }

  /// A proxy below has tried again already, or asks not to be (`x-envoy-overloaded`).
  static func isRetriedBelow(_ head: ResponseHead) -> Bool {
    head.present.contains(.xWeirRetried) || head.present.contains(.xEnvoyOverloaded)
  }
}
