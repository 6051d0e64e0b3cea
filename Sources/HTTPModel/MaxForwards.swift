import Primitives

/// How many more proxies a `TRACE` or an `OPTIONS` may pass (RFC 9110 §7.6.2). Other methods' is
/// passed on as it is.
package enum MaxForwards {
  /// Nil: the request has none that counts.
  package static func count(_ head: RequestHead, _ bytes: Span<UInt8>) -> UInt64? {
    guard head.present.contains(.maxForwards), head.method == .trace || head.method == .options
    else { return nil }
    for field in head.fields where field.id == .maxForwards {
      return Token.decimal(bytes.extracting(field.value.bounds))
    }
    return nil
  }
}
