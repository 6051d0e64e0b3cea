import HTTP1
import HTTPModel
import Primitives

/// `x-forwarded-for`, `-proto`, `-host` and `forwarded` (RFC 7239): continued where the peer is a trusted
/// proxy and the field says who the client is (`Exchange.judgeFields`), begun anew otherwise. What is
/// begun anew for a trusted proxy's client names that client, then the proxy.
enum ForwardedFields {
  static func write(
    _ exchange: Exchange, _ downstream: DownstreamConnection, _ omitted: FieldSet,
    _ bytes: Span<UInt8>, to out: Buffer
  ) -> Bool {
    let isTrusted = exchange.client.isTrusted
    let peer = downstream.peerText
    if !omitted.contains(.xForwardedFor) {
      guard writeFor(exchange, bytes, peer, out) else { return false }
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
    if exchange.head.present.contains(.forwarded) || exchange.client.lostForwarded,
      !omitted.contains(.forwarded)
    {
      return writeForwarded(exchange, bytes, peer, out)
    }
    return true
  }

  private static func writeFor(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ peer: [UInt8], _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 32 else { return false }
    FieldLine.begin(.xForwardedFor, "x-forwarded-for: ", exchange.head, bytes, out)
    if exchange.head.present.contains(.xForwardedFor) {
      guard join(.xForwardedFor, exchange, bytes, out) else { return false }
    } else if exchange.client.isKnown {
      guard exchange.client.text.count + 2 <= out.writableCount else { return false }
      out.append(exchange.client.text)
      out.append(", ")
    }
    guard peer.count + 2 <= out.writableCount else { return false }
    out.append(peer)
    out.append("\r\n")
    return true
  }

  private static func writeForwarded(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ peer: [UInt8], _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 32 else { return false }
    FieldLine.begin(.forwarded, "forwarded: ", exchange.head, bytes, out)
    let before = out.count
    guard join(.forwarded, exchange, bytes, out) else { return false }
    if out.count == before, exchange.client.isKnown {
      guard writeNode(exchange.client.text, out), HeadEncoder.append(", ", to: out) else {
        return false
      }
    }
    return writeNode(peer, out) && HeadEncoder.append(";proto=http\r\n", to: out)
  }

  /// RFC 7239 §6: an IPv6 address is quoted and bracketed, what is no address begins with `_`.
  private static func writeNode(_ node: [UInt8], _ out: Buffer) -> Bool {
    guard node.count + 16 <= out.writableCount else { return false }
    let isV6 = node.contains(0x3A)
    let isV4 = node.contains(0x2E)
    out.append(isV6 ? "for=\"[" : isV4 ? "for=" : "for=_")
    out.append(node)
    if isV6 { out.append("]\"") }
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
