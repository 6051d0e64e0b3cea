/// Writing behind the readable bytes. Precondition of each: it fits (`writableCount`).
extension Buffer {
  @inlinable package func append(_ byte: UInt8) {
    precondition(tail < size, "the buffer is full")
    // SAFETY: tail < size.
    unsafe block[tail] = byte
    tail += 1
  }

  @inlinable package func append(_ bytes: Span<UInt8>) {
    let count = bytes.count
    precondition(count <= size - tail, "the bytes do not fit")
    // SAFETY: `bytes` is `count` long and tail + count <= size. `update` allows overlap.
    unsafe bytes.withUnsafeBufferPointer { source in
      if let from = source.baseAddress { unsafe (block + tail).update(from: from, count: count) }
    }
    tail += count
  }

  /// Inlined, so that the length of a constant is known and its copy is a move or two.
  @inlinable @inline(__always)
  package func append(_ text: StaticString) {
    let count = text.utf8CodeUnitCount
    precondition(text.hasPointerRepresentation && count <= size - tail, "the text does not fit")
    // SAFETY: a static string is `count` bytes long and lives for ever; tail + count <= size.
    unsafe (block + tail).update(from: text.utf8Start, count: count)
    tail += count
  }

  package func append(_ text: [UInt8]) {
    append(text.span)
  }

  /// For texts that are not constants. Named, because a literal would choose it over the cheaper
  /// constant.
  package func append(text: String) {
    var text = text
    text.makeContiguousUTF8()
    append(text.utf8.span)
  }

  /// Appends `number` in decimal digits (at most 20 bytes).
  package func append(decimal number: UInt64) {
    guard number >= 100_000_000 || size - tail < 8 else { return append(eightDigitsAtMost: number) }
    var digits = number
    var length = 1
    while digits >= 10 {
      digits /= 10
      length += 1
    }
    precondition(length <= size - tail, "the number does not fit")
    digits = number
    var position = tail + length
    tail = position
    repeat {
      position -= 1
      // SAFETY: position stays within the old tail ..< new tail.
      unsafe block[position] = UInt8(truncatingIfNeeded: digits % 10) &+ 0x30
      digits /= 10
    } while digits > 0
  }

  /// Gathers the digits in a word, the first in its lowest byte, and stores it over what follows.
  private func append(eightDigitsAtMost number: UInt64) {
    var digits = UInt32(truncatingIfNeeded: number)
    var word: UInt64 = 0
    var length = 0
    repeat {
      word = word << 8 | UInt64(digits % 10 + 0x30)
      digits /= 10
      length += 1
    } while digits > 0
    store(word, at: 0)
    tail += length
  }

  /// Appends `number` in lower-case hexadecimal digits without leading zeros (at most 16 bytes).
  package func append(hexadecimal number: UInt64) {
    let length = max(1, (64 - number.leadingZeroBitCount + 3) / 4)
    precondition(length <= size - tail, "the number does not fit")
    for position in stride(from: length - 1, through: 0, by: -1) {
      let nibble = UInt8(truncatingIfNeeded: number >> UInt64(position * 4)) & 0xF
      append(nibble < 10 ? nibble + 0x30 : nibble + 0x57)
    }
  }

  /// Appends all sixteen digits of `number`, zeros included.
  package func append(sixteenDigits number: UInt64) {
    precondition(16 <= size - tail, "the number does not fit")
    store(Self.digits(of: UInt32(truncatingIfNeeded: number >> 32)), at: 0)
    store(Self.digits(of: UInt32(truncatingIfNeeded: number)), at: 8)
    tail += 16
  }

  /// Appends 128 bits as a UUID's text, digits in groups of 8, 4, 4, 4 and 12 (RFC 9562 §4).
  package func append(uuid high: UInt64, _ low: UInt64) {
    precondition(36 <= size - tail, "the identifier does not fit")
    // Each group is stored over what the one before wrote too much.
    store(Self.digits(of: UInt32(truncatingIfNeeded: high >> 32)), at: 0)
    let middle = Self.digits(of: UInt32(truncatingIfNeeded: high))
    store(middle, at: 9)
    store(middle >> 32, at: 14)
    let end = Self.digits(of: UInt32(truncatingIfNeeded: low >> 32))
    store(end, at: 19)
    store(end >> 32, at: 24)
    store(Self.digits(of: UInt32(truncatingIfNeeded: low)), at: 28)
    for dash in stride(from: 8, through: 23, by: 5) {
      // SAFETY: below the 36 bytes that fit.
      unsafe block[tail + dash] = 0x2D
    }
    tail += 36
  }

  /// The caller has made sure that eight bytes fit behind `tail + offset`.
  private func store(_ word: UInt64, at offset: Int) {
    // SAFETY: see above.
    unsafe UnsafeMutableRawPointer(block + tail + offset).storeBytes(of: word, as: UInt64.self)
  }

  /// The eight digits of `number` in memory order: nibbles are spread to bytes, and those above 9
  /// are moved to the letters, all at once.
  private static func digits(of number: UInt32) -> UInt64 {
    var spread = UInt64(number)
    spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
    spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
    let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return (spread &+ 0x3030_3030_3030_3030 &+ letters &* 39).bigEndian
  }
}
