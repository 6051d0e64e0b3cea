/// A set of known field names in one word. `other` is never a member that means anything.
package struct FieldSet: OptionSet, Sendable {
  package let rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  @inlinable
  package init(_ name: FieldName) {
    rawValue = 1 &<< UInt64(name.rawValue)
  }

  /// No name. (An empty literal is built at run time, element by element.)
  @inlinable package static var none: FieldSet { FieldSet(rawValue: 0) }

  @inlinable
  package func contains(_ name: FieldName) -> Bool {
    rawValue & (1 &<< UInt64(name.rawValue)) != 0
  }

  package init(_ names: [FieldName]) {
    rawValue = names.reduce(0) { $0 | (1 << UInt64($1.rawValue)) }
  }

  /// What never crosses a hop (RFC 9110 §7.6.1): framing is made anew from what was understood.
  package static let hopByHop = FieldSet([
    .connection, .keepAlive, .proxyConnection, .transferEncoding, .contentLength, .te, .upgrade,
    .http2Settings,
  ])
}
