/// Scans over bytes, eight at a time in one word where there are eight left.
///
/// Why words: `SIMD16` masks compile to byte-by-byte code in places (18 % of a proxied request went
/// there), and heads are short. Unsafe loads stay in this file. No allocation.
@usableFromInline package enum ByteScan {
  /// The index of the first `byte` at or behind `start`, or nil.
  package static func firstIndex(
    of byte: UInt8, in bytes: Span<UInt8>, from start: Int = 0
  ) -> Int? {
    let found = first(
      in: bytes, from: start, candidates: { equal($0, byte) }, accepts: { $0 == byte })
    return found < bytes.count ? found : nil
  }

  /// The index of the first control byte but HTAB (below 0x20, or 0x7F) at or behind `start`;
  /// `bytes.count` where there is none. RFC 9110 §5.5: none may stand in a field value.
  package static func firstControl(in bytes: Span<UInt8>, from start: Int) -> Int {
    first(
      in: bytes, from: start,
      candidates: { below($0, 0x20) | equal($0, 0x7F) },
      accepts: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F })
  }

  /// The index of the first byte up to and with space, of DEL or of an octet above ASCII at or
  /// behind `start`; `bytes.count` where there is none: where a request target ends.
  package static func firstNonVisible(in bytes: Span<UInt8>, from start: Int) -> Int {
    first(
      in: bytes, from: start,
      candidates: { below($0, 0x21) | equal($0, 0x7F) | ($0 & 0x8080_8080_8080_8080) },
      accepts: { $0 <= 0x20 || $0 >= 0x7F })
  }

  /// The index of the first byte that a path may have to be normalised for: `%`, `\`, or a `/`, `.`
  /// or `;` that follows a `/`; `bytes.count` where there is none. The pair is reported at its second.
  package static func firstUnnormalized(in bytes: Span<UInt8>) -> Int {
    var index = 0
    while index < bytes.count {
      index = first(
        in: bytes, from: index,
        candidates: { equal($0, 0x25) | equal($0, 0x5C) | equal($0, 0x2F) },
        accepts: { $0 == 0x25 || $0 == 0x5C || $0 == 0x2F })
      guard index < bytes.count else { break }
      if bytes[index] != 0x2F { return index }
      index += 1
      guard index < bytes.count else { break }
      if bytes[index] == 0x2F || bytes[index] == 0x2E || bytes[index] == 0x3B { return index }
    }
    return bytes.count
  }

  /// The index of the first `?` or `#` at or behind `start`; `bytes.count` where there is none: where
  /// a path ends.
  package static func firstQueryOrFragment(in bytes: Span<UInt8>, from start: Int) -> Int {
    first(
      in: bytes, from: start, candidates: { equal($0, 0x3F) | equal($0, 0x23) },
      accepts: { $0 == 0x3F || $0 == 0x23 })
  }

  /// True when both hold the same bytes.
  package static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where left[index] != right[index] { return false }
    return true
  }

  /// True when `bytes` is `text`.
  package static func equal(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    isText(bytes, text, word: { $0 }, byte: { $0 })
  }

  /// True when both are the same but for the case of ASCII letters.
  package static func equalIgnoringCase(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices
    where asciiLowercased(left[index]) != asciiLowercased(right[index]) {
      return false
    }
    return true
  }

  /// True when `bytes` is `text` but for the case of ASCII letters. `text` is in lower case.
  @usableFromInline package static func equalIgnoringCase(
    _ bytes: Span<UInt8>, _ text: StaticString
  ) -> Bool {
    isText(bytes, text, word: lowercased, byte: asciiLowercased)
  }

  /// As `equalIgnoringCase`, and any mark of `bytes` may stand for a `-` of `text`: CGI and WSGI make
  /// a `_` of it, lighttpd of every byte that is no letter or digit.
  package static func equalFolded(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    // SAFETY: a static string is utf8CodeUnitCount bytes long and lives for ever.
    let wanted = unsafe UnsafeBufferPointer(
      start: text.utf8Start, count: text.utf8CodeUnitCount)
    return unsafe equalFolded(bytes, wanted.span)
  }

  /// The same of a lower-case `text` that is known at run time only.
  package static func equalFolded(_ bytes: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
    guard bytes.count == text.count else { return false }
    for index in bytes.indices {
      let byte = bytes[index]
      if asciiLowercased(byte) == text[index] { continue }
      let isMark = (byte | 0x20) &- 0x61 >= 26 && byte &- 0x30 >= 10
      guard isMark, text[index] == 0x2D else { return false }
    }
    return true
  }

  /// True when `bytes`, mapped by `word` eight at a time or by `byte`, is `text`.
  @inline(__always)
  private static func isText(
    _ bytes: Span<UInt8>, _ text: StaticString, word: (UInt64) -> UInt64, byte: (UInt8) -> UInt8
  ) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    // SAFETY: a static string is utf8CodeUnitCount bytes long and lives for ever.
    let wanted = unsafe UnsafeRawPointer(text.utf8Start)
    let count = bytes.count
    return unsafe bytes.withUnsafeBytes { raw in
      guard count >= 8 else {
        for index in 0..<count {
          // SAFETY: index is below the count of both.
          let left = unsafe byte(raw[index])
          if left != (unsafe wanted.load(fromByteOffset: index, as: UInt8.self)) { return false }
        }
        return true
      }
      var index = 0
      while true {
        // SAFETY: index ..< index + 8 lies inside both.
        let left = unsafe word(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        let right = unsafe wanted.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if left != right { return false }
        if index + 8 == count { return true }
        // The last word overlaps the one before where the count is no multiple of eight.
        index = min(index + 8, count - 8)
      }
    }
  }

  /// The ASCII letters among eight bytes in lower case.
  @inline(__always)
  private static func lowercased(_ word: UInt64) -> UInt64 {
    let low = word & 0x7F7F_7F7F_7F7F_7F7F
    let fromA = low &+ 0x3F3F_3F3F_3F3F_3F3F
    let aboveZ = low &+ 0x2525_2525_2525_2525
    let upper = (fromA ^ aboveZ) & ~word & 0x8080_8080_8080_8080
    return word | upper >> 2
  }

  @inlinable
  package static func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  // Which bytes of a word hit, as their top bits. A borrow may mark bytes above the first hit
  // falsely, never below it, and the first is all that is asked for.

  @inline(__always)
  private static func below(_ word: UInt64, _ bound: UInt8) -> UInt64 {
    (word &- UInt64(bound) &* 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  @inline(__always)
  private static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    below(word ^ UInt64(byte) &* 0x0101_0101_0101_0101, 1)
  }

  /// The first index whose byte `accepts`; `candidates` marks at least the first of those in a word.
  @inline(__always)
  private static func first(
    in bytes: Span<UInt8>, from start: Int, candidates: (UInt64) -> UInt64,
    accepts: (UInt8) -> Bool
  ) -> Int {
    precondition(start >= 0, "a scan begins inside")
    let count = bytes.count
    var index = start
    return unsafe bytes.withUnsafeBytes { raw in
      while index + 8 <= count {
        // SAFETY: index ..< index + 8 lies inside the span.
        let word = unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let hits = candidates(UInt64(littleEndian: word))
        guard hits != 0 else {
          index += 8
          continue
        }
        index += hits.trailingZeroBitCount / 8
        // SAFETY: index < count.
        if accepts(unsafe raw[index]) { return index }
        index += 1
      }
      while index < count {
        // SAFETY: index < count.
        if accepts(unsafe raw[index]) { return index }
        index += 1
      }
      return count
    }
  }
}
