/// A set of HTTP statuses, 100...611; a test is a shift.
///
/// Why: what counts as a failure is asked once an attempt. Cost: 64 bytes, no reference.
@usableFromInline package struct StatusSet: Sendable {
  @usableFromInline var words: InlineArray<8, UInt64>

  package init() {
    words = InlineArray(repeating: 0)
  }

  package init(_ ranges: [ClosedRange<Int>]) {
    self.init()
    for range in ranges {
      for status in range where status >= 100 && status < 612 {
        words[(status - 100) >> 6] |= 1 << UInt64((status - 100) & 63)
      }
    }
  }

  @inlinable
  package func contains(_ status: UInt16) -> Bool {
    guard status >= 100, status < 612 else { return false }
    let place = Int(status) - 100
    return words[place >> 6] >> UInt64(place & 63) & 1 == 1
  }
}

extension StatusSet: Equatable {
  @inlinable package static func == (left: StatusSet, right: StatusSet) -> Bool {
    for place in 0..<8 where left.words[place] != right.words[place] { return false }
    return true
  }
}
