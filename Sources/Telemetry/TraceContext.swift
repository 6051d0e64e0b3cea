import Primitives

/// Who a request belongs to in a distributed trace: W3C Trace Context level 1, and B3 in both forms.
package struct TraceContext: Equatable, Sendable {
  package var traceHigh: UInt64
  package var traceLow: UInt64
  package var span: UInt64
  /// The `sampled` flag.
  package var isSampled: Bool

  package init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, isSampled: Bool) {
    self.traceHigh = traceHigh
    self.traceLow = traceLow
    self.span = span
    self.isSampled = isSampled
  }

  /// A trace that begins here.
  package static func begun(_ random: inout RandomSource) -> TraceContext {
    TraceContext(
      traceHigh: random.next(), traceLow: random.next() | 1, span: random.next() | 1,
      isSampled: true)
  }

  /// `00-<32 hex>-<16 hex>-<2 hex>`; a later version may have more behind a dash (W3C §3.2.2).
  package init?(traceparent text: Span<UInt8>) {
    guard text.count >= 55, text[2] == 0x2D, text[35] == 0x2D, text[52] == 0x2D,
      let version = Self.hex(text, 0..<2), version != 0xFF,
      version == 0 ? text.count == 55 : text.count == 55 || text[55] == 0x2D,
      let high = Self.hex(text, 3..<19), let low = Self.hex(text, 19..<35),
      let span = Self.hex(text, 36..<52), let flags = Self.hex(text, 53..<55),
      high | low != 0, span != 0
    else { return nil }
    self.init(traceHigh: high, traceLow: low, span: span, isSampled: flags & 1 == 1)
  }

  /// B3 single: `<16 or 32 hex>-<16 hex>[-<0, 1 or d>[-<parent>]]`. Nil for a lone sampling
  /// decision, which names no trace.
  package init?(b3 text: Span<UInt8>) {
    var dash = 0
    while dash < text.count, text[dash] != 0x2D { dash += 1 }
    guard text.count >= dash + 17,
      let (high, low) = Self.trace(text, 0..<dash),
      let span = Self.hex(text, dash + 1..<dash + 17), span != 0
    else { return nil }
    var sampled = true
    if text.count > dash + 17 {
      guard text.count >= dash + 19, text[dash + 17] == 0x2D else { return nil }
      sampled = text[dash + 18] != 0x30
    }
    self.init(traceHigh: high, traceLow: low, span: span, isSampled: sampled)
  }

  /// A sampling decision alone: `0`, `1`, or `d` for debug, which is sampled; older senders write
  /// `false` and `true`.
  package static func decision(b3 text: Span<UInt8>) -> Bool? {
    if text.count == 1 {
      switch text[0] {
      case 0x30: return false
      case 0x31, 0x64: return true
      default: return nil
      }
    }
    switch (text.count, text.count > 0 ? text[0] | 0x20 : 0) {
    case (5, 0x66): return false
    case (4, 0x74): return true
    default: return nil
    }
  }

  /// B3 in several fields; `sampled` is `X-B3-Sampled`, empty where absent.
  package init?(b3TraceID: Span<UInt8>, spanID: Span<UInt8>, sampled: Span<UInt8>) {
    guard let (high, low) = Self.trace(b3TraceID, 0..<b3TraceID.count), spanID.count == 16,
      let span = Self.hex(spanID, 0..<16), span != 0
    else { return nil }
    let isSampled = sampled.count == 0 || sampled[0] == 0x31 || sampled[0] | 0x20 == 0x74
    self.init(traceHigh: high, traceLow: low, span: span, isSampled: isSampled)
  }

  private static func trace(_ text: Span<UInt8>, _ range: Range<Int>) -> (UInt64, UInt64)? {
    guard range.count == 16 || range.count == 32 else { return nil }
    let middle = range.upperBound - 16
    guard let low = hex(text, middle..<range.upperBound) else { return nil }
    guard range.count == 32 else { return low == 0 ? nil : (0, low) }
    guard let high = hex(text, range.lowerBound..<middle), high | low != 0 else { return nil }
    return (high, low)
  }

  /// Lower-case digits only (W3C §3.2.2.1).
  private static func hex(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
    var value: UInt64 = 0
    for index in range {
      let byte = text[index]
      if byte &- 0x30 < 10 {
        value = value << 4 | UInt64(byte &- 0x30)
      } else if byte &- 0x61 < 6 {
        value = value << 4 | UInt64(byte &- 0x57)
      } else {
        return nil
      }
    }
    return value
  }

  package func appendTraceparent(to out: Buffer) {
    out.append("00-")
    appendTraceID(to: out)
    out.append(0x2D)
    out.append(sixteenDigits: span)
    out.append(isSampled ? "-01" : "-00")
  }

  package func appendB3(to out: Buffer) {
    appendTraceID(to: out)
    out.append(0x2D)
    out.append(sixteenDigits: span)
    out.append(isSampled ? "-1" : "-0")
  }

  package func appendSpanID(to out: Buffer) { out.append(sixteenDigits: span) }

  package func appendTraceID(to out: Buffer) {
    out.append(sixteenDigits: traceHigh)
    out.append(sixteenDigits: traceLow)
  }
}
