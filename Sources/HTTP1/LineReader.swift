import HTTPModel
import Primitives

/// Finds the lines of a head as its bytes arrive: each byte is looked at once.
///
/// A line ends in CRLF and holds no other control byte but HTAB; that is checked by the same vector
/// scan that finds the end. A value; the caller owns the bytes. Cost: linear in all bytes seen.
struct LineReader: Sendable {
  /// Where the line that is being read begins.
  private(set) var lineStart = 0
  /// Up to where that line was searched in vain.
  private var searched = 0

  mutating func reset() {
    lineStart = 0
    searched = 0
  }

  /// The next whole line without its CRLF; nil when it has not all arrived. `headTooLarge` where
  /// the line's end lies behind `bytesMax`, however much of it is there.
  @inline(__always)
  mutating func next(
    _ bytes: Span<UInt8>, bytesMax: Int
  ) throws(HeadFault) -> Range<Int>? {
    let end = ByteScan.firstControl(in: bytes, from: max(lineStart, searched))
    // Whatever the line's end turns out to be, it lies beyond the limit.
    guard end + 2 <= bytesMax else { throw .headTooLarge }
    guard end + 1 < bytes.count else {
      searched = end
      return nil
    }
    guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else {
      throw controlFault(bytes, at: end)
    }
    defer {
      lineStart = end + 2
      searched = end + 2
    }
    return lineStart..<end
  }

  /// A lone CR or LF could end the line for another reader; everything else may not stand here.
  private func controlFault(_ bytes: Span<UInt8>, at end: Int) -> HeadFault {
    if bytes[end] == 0x0D || bytes[end] == 0x0A { return .lineNotCRLF }
    let colon = ByteScan.firstIndex(of: 0x3A, in: bytes, from: lineStart) ?? end
    return colon < end ? .badFieldValue : .badFieldName
  }
}
