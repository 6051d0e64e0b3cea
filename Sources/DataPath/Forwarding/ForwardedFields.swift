import HTTPModel
import Primitives
import Transport

/// `x-forwarded-for`, `-proto`, `-host` and `forwarded` (RFC 7239): continued where the peer is a trusted
/// proxy and the field says who the client is (`Exchange.judgeFields`), begun anew otherwise. What is
/// begun anew for a trusted proxy's client names that client, then the proxy.
enum ForwardedFields {
  @inline(__always)
  static func write<Sink: FieldSink>(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ omitted: FieldSet,
    _ bytes: Span<UInt8>, to sink: Sink
  ) -> Bool {
    let head = downstream.head
    let peer = downstream.connection.peerText
    if !omitted.contains(.xForwardedFor) {
      guard writeFor(exchange, head, bytes, peer, sink) else { return false }
    }
    if !omitted.contains(.xForwardedProto) {
      guard
        keep(.xForwardedProto, exchange, head, bytes, sink)
          ?? writeProtocol(downstream.connection.scheme, sink)
      else { return false }
    }
    if !omitted.contains(.xForwardedHost), !head.authority.isEmpty {
      let authority = bytes.extracting(head.authority.bounds)
      guard
        keep(.xForwardedHost, exchange, head, bytes, sink)
          ?? sink.put("x-forwarded-host: ", authority)
      else { return false }
    }
    if downstream.connection.isSecure, !writeCertificate(downstream.connection, sink) {
      return false
    }
    // Only continued: who does not send it reads the x- forms.
    if head.present.contains(.forwarded) || exchange.client.lostForwarded,
      !omitted.contains(.forwarded)
    {
      return writeForwarded(exchange, downstream, bytes, peer, sink)
    }
    return true
  }

  @inline(__always)
  private static func writeProtocol<Sink: FieldSink>(
    _ scheme: StaticString, _ sink: Sink
  ) -> Bool {
    guard sink.out.writableCount >= 32 else { return false }
    sink.begin("x-forwarded-proto: ")
    sink.out.append(scheme)
    sink.end()
    return true
  }

  /// Behind those of a trusted proxy, which passed with the other fields: the last is the nearest hop's.
  private static func writeCertificate<Sink: FieldSink>(
    _ connection: DownstreamConnection, _ sink: Sink
  ) -> Bool {
    guard let certificate = connection.securedPeer?.forwardedCertificate, !certificate.isEmpty
    else {
      return true
    }
    return sink.put("x-forwarded-client-cert: ", certificate.span)
  }

  private static func writeFor<Sink: FieldSink>(
    _ exchange: Exchange, _ head: RequestHead, _ bytes: Span<UInt8>, _ peer: [UInt8],
    _ sink: Sink
  ) -> Bool {
    let out = sink.out
    guard out.writableCount >= 32 else { return false }
    sink.begin(.xForwardedFor, "x-forwarded-for: ", head, bytes)
    if head.present.contains(.xForwardedFor) {
      guard join(.xForwardedFor, head, bytes, out) else { return false }
    } else if exchange.client.isKnown {
      guard exchange.client.text.count + 2 <= out.writableCount else { return false }
      out.append(exchange.client.text)
      out.append(", ")
    }
    guard peer.count + 2 <= out.writableCount else { return false }
    out.append(peer)
    sink.end()
    return true
  }

  private static func writeForwarded<Sink: FieldSink>(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ bytes: Span<UInt8>, _ peer: [UInt8],
    _ sink: Sink
  ) -> Bool {
    let head = downstream.head
    let out = sink.out
    guard out.writableCount >= 32 else { return false }
    sink.begin(.forwarded, "forwarded: ", head, bytes)
    let before = out.count
    guard join(.forwarded, head, bytes, out) else { return false }
    if out.count == before, exchange.client.isKnown {
      guard writeNode(exchange.client.text, out), out.writableCount >= 2 else { return false }
      out.append(", ")
    }
    guard writeNode(peer, out), out.writableCount >= 16 else { return false }
    out.append(";proto=")
    out.append(downstream.connection.scheme)
    sink.end()
    return true
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
    _ name: FieldName, _ head: RequestHead, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    for field in head.fields where field.id == name && !field.value.isEmpty {
      let value = bytes.extracting(field.value.bounds)
      guard value.count + 2 <= out.writableCount else { return false }
      out.append(value)
      out.append(", ")
    }
    return true
  }

  /// Copies the first field of that name; nil when it is not to be believed or not there.
  private static func keep<Sink: FieldSink>(
    _ name: FieldName, _ exchange: Exchange, _ head: RequestHead, _ bytes: Span<UInt8>,
    _ sink: Sink
  ) -> Bool? {
    guard exchange.client.isTrusted, head.present.contains(name),
      let field = head.fields.first(where: { $0.id == name }), !field.value.isEmpty
    else { return nil }
    return sink.put(
      as: bytes.extracting(field.name.bounds), bytes.extracting(field.value.bounds))
  }
}
