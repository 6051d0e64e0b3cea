import Primitives
import Routing

/// The id that joins the log lines of one request over all hops: accepted or minted.
struct RequestID {
  /// Ids longer than this are not believed.
  static let bytesMax = 128
  /// Where the accepted one stands in the head; nil: `high` and `low` were drawn.
  private(set) var accepted: ByteRange?
  private var high: UInt64 = 0
  private var low: UInt64 = 0

  /// A random UUID (RFC 9562 §5.4), which any service can store.
  mutating func mint(_ random: inout RandomSource) {
    accepted = nil
    high = random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
  }

  mutating func accept(_ range: ByteRange) {
    accepted = range
  }

  /// The minted id's text, a byte at a time.
  private func byte(at position: Int) -> UInt8 {
    switch position {
    case 8, 13, 18, 23: return 0x2D
    default: break
    }
    let dashes = position < 8 ? 0 : position < 13 ? 1 : position < 18 ? 2 : position < 23 ? 3 : 4
    let digit = position - dashes
    let word = digit < 16 ? high : low
    let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - digit % 16 * 4)) & 0xF
    return nibble < 10 ? nibble + 0x30 : nibble + 0x57
  }

  /// `head`: the bytes of the request's head.
  func append(head: Span<UInt8>, to out: Buffer) {
    if let accepted {
      out.append(head.extracting(accepted.bounds))
      return
    }
    out.append(uuid: high, low)
  }

  /// The same number for the same id: what a weighted split chooses by.
  func hash(head: Span<UInt8>) -> UInt64 {
    var hash = StableHash()
    if let accepted {
      hash.combine(head.extracting(accepted.bounds))
    } else {
      // The hash is that of the text, as the next proxy that accepts it will take it.
      for position in 0..<36 { hash.combine(byte(at: position)) }
    }
    return hash.value
  }
}
