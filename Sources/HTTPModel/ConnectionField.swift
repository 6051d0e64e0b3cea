import Primitives

/// What a head's `Connection` fields nominate: fields that are for the next hop only (RFC 9110 §7.6.1).
package enum ConnectionField {
  /// Whether one of them names `name`. Cost: linear in the Connection fields, which the decoders keep
  /// short (`tooManyConnectionOptions`).
  package static func nominates(
    _ name: Span<UInt8>, _ fields: [Field], _ bytes: Span<UInt8>
  ) -> Bool {
    for field in fields where field.id == .connection {
      let found = !Token.eachElement(of: bytes, in: field.value.bounds) { element in
        !ByteScan.equalIgnoringCase(bytes.extracting(element), name)
      }
      if found { return true }
    }
    return false
  }
}
