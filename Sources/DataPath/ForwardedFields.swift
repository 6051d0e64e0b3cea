import HTTP1
import HTTPModel
import Primitives

/// `x-forwarded-for`, `-proto`, `-host` and `forwarded` (RFC 7239): believed and continued when the
/// peer is a trusted proxy, begun anew otherwise.
enum ForwardedFields {
  static func write(
    _ exchange: Exchange, _ downstream: DownstreamConnection, _ omitted: FieldSet,
    _ bytes: Span<UInt8>, to out: Buffer
  ) -> Bool {
    let isTrusted = exchange.isTrusted
    let peer = downstream.peerText
    if !omitted.contains(.xForwardedFor) {
      guard writeFor(exchange, bytes, isTrusted, peer, out) else { return false }
    }
    if !omitted.contains(.xForwardedProto) {
      guard
        keep(.xForwardedProto, exchange, bytes, isTrusted, out)
          ?? HeadEncoder.append("x-forwarded-proto: http\r\n", to: out)
      else { return false }
    }
    if !omitted.contains(.xForwardedHost), !exchange.head.authority.isEmpty {
      let authority = bytes.extracting(exchange.head.authority.bounds)
      guard
        keep(.xForwardedHost, exchange, bytes, isTrusted, out)
          ?? HeadEncoder.appendField("x-forwarded-host", value: authority, to: out)
      else { return false }
    }
    // Only continued: who does not send it reads the x- forms.
    if exchange.head.present.contains(.forwarded), !omitted.contains(.forwarded) {
      return writeForwarded(exchange, bytes, isTrusted, peer, out)
    }
    return true
  }

  private static func writeFor(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ isTrusted: Bool, _ peer: [UInt8], _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 32 else { return false }
    FieldLine.begin(.xForwardedFor, "x-forwarded-for: ", exchange.head, bytes, out)
    if isTrusted, exchange.head.present.contains(.xForwardedFor) {
      guard join(.xForwardedFor, exchange, bytes, out) else { return false }
    }
    guard peer.count + 2 <= out.writableCount else { return false }
    out.append(peer)
    out.append("\r\n")
    return true
  }

  private static func writeForwarded(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ isTrusted: Bool, _ peer: [UInt8], _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 32 else { return false }
    FieldLine.begin(.forwarded, "forwarded: ", exchange.head, bytes, out)
    if isTrusted, !join(.forwarded, exchange, bytes, out) { return false }
    guard peer.count + 32 <= out.writableCount else { return false }
    // RFC 7239 §6: an IPv6 address is quoted and bracketed.
    let isV6 = peer.contains(0x3A)
    out.append(isV6 ? "for=\"[" : "for=")
    out.append(peer)
    out.append(isV6 ? "]\";proto=http\r\n" : ";proto=http\r\n")
    return true
  }

  /// All values of `name`, each followed by a comma.
  private static func join(
    _ name: FieldName, _ exchange: Exchange, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    for field in exchange.head.fields where field.id == name && !field.value.isEmpty {
      let value = bytes.extracting(field.value.bounds)
      guard value.count + 2 <= out.writableCount else { return false }
      out.append(value)
      out.append(", ")
    }
    return true
  }

  /// Copies the first field of that name; nil when it is not to be believed or not there.
  private static func keep(
    _ name: FieldName, _ exchange: Exchange, _ bytes: Span<UInt8>, _ isTrusted: Bool, _ out: Buffer
  ) -> Bool? {
    guard isTrusted, exchange.head.present.contains(name),
      let field = exchange.head.fields.first(where: { $0.id == name }), !field.value.isEmpty
    else { return nil }
    return HeadEncoder.appendField(
      name: bytes.extracting(field.name.bounds), value: bytes.extracting(field.value.bounds),
      to: out)
  }
}
