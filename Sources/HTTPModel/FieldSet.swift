/// A set of known field names in one word. `other` is never a member that means anything.
///
/// Why not an `OptionSet`: what that brings is generic and is called, not inlined, for each field.
@usableFromInline package struct FieldSet: Equatable, Sendable {
  @usableFromInline var bits: UInt64

  /// No name.
  @inlinable package static var none: FieldSet { FieldSet(bits: 0) }

  @inlinable init(bits: UInt64) {
    self.bits = bits
  }

  @inlinable @inline(__always)
  package init(_ name: FieldName) {
    bits = 1 &<< UInt64(name.rawValue)
  }

  package init(_ names: [FieldName]) {
    bits = names.reduce(0) { $0 | (1 << UInt64($1.rawValue)) }
  }

  @inlinable @inline(__always)
  package func contains(_ name: FieldName) -> Bool {
    bits & (1 &<< UInt64(name.rawValue)) != 0
  }

  @inlinable @inline(__always)
  package mutating func insert(_ name: FieldName) {
    bits |= 1 &<< UInt64(name.rawValue)
  }

  @inlinable @inline(__always)
  package func union(_ other: FieldSet) -> FieldSet {
    FieldSet(bits: bits | other.bits)
  }

  @inlinable @inline(__always)
  package func isDisjoint(with other: FieldSet) -> Bool {
    bits & other.bits == 0
  }

  @inlinable @inline(__always)
  package func subtracting(_ other: FieldSet) -> FieldSet {
    FieldSet(bits: bits & ~other.bits)
  }

  /// What never crosses a hop (RFC 9110 §7.6.1): framing is made anew from what was understood.
  /// A disguised name could be any of these.
  package static let hopByHop = FieldSet([
    .disguised, .connection, .keepAlive, .proxyConnection, .transferEncoding, .contentLength, .te,
    .upgrade, .http2Settings,
  ])
}
