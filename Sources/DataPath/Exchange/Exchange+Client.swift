import HTTPModel
import Primitives
import Reactor

/// Who is calling, and which fields of the head may say so.
///
/// Above routing because a route, a rate limit and a hash may go by such a field: what a stranger
/// wrote is not there for any of them, and not for the service. A head without these fields costs one
/// look.
extension Exchange {
  /// What counts from trusted proxies only.
  private static let vouched = FieldSet([
    .trustedOnly, .forwarded, .xForwardedFor, .xForwardedProto, .xForwardedHost, .xRequestID,
    .grpcTimeout, .xEnvoyAttemptCount, .xEnvoyExpectedTimeout, .xEnvoyOverloaded, .xWeirPriority,
    .xWeirRetried,
  ])

  @inline(__always)
  func judgeFields(_ downstream: DownstreamStream) {
    if !downstream.head.present.isDisjoint(with: Self.vouched) {
      judgeVouched(downstream.head, downstream.headBlock)
    }
  }

  private func judgeVouched(_ head: RequestHead, _ block: Buffer) {
    let bytes = block.readable
    guard client.isTrusted, let settings else {
      forget(Self.vouched, head, bytes)
      return
    }
    let source = Self.addressField(settings.clientAddress, head.present)
    if source != .xForwardedFor { forget(FieldSet(.xForwardedFor), head, bytes) }
    if source != .forwarded { forget(FieldSet(.forwarded), head, bytes) }
    guard let source else { return }
    var walk = ClientWalk()
    if !passHops(of: source, head, bytes, settings, &walk) {
      forget(FieldSet(source), head, bytes)
      return
    }
    if let address = walk.client { client.learn(address) }
  }

  /// The field that says who the client is; nil: none does.
  private static func addressField(
    _ source: ClientAddressSource, _ present: FieldSet
  ) -> FieldName? {
    switch source {
    case .automatic:
      if present.contains(.xForwardedFor) { return .xForwardedFor }
      return present.contains(.forwarded) ? .forwarded : nil
    case .xForwardedFor: return present.contains(.xForwardedFor) ? .xForwardedFor : nil
    case .forwarded: return present.contains(.forwarded) ? .forwarded : nil
    case .peer: return nil
    }
  }

  /// Gives `walk` all hops, several lines as one list (RFC 9110 §5.3). False: they do not parse.
  private func passHops(
    of source: FieldName, _ head: RequestHead, _ bytes: Span<UInt8>, _ settings: ProxySettings,
    _ walk: inout ClientWalk
  ) -> Bool {
    for field in head.fields where field.id == source {
      if source == .forwarded {
        let value = bytes.extracting(field.value.bounds)
        guard
          ForwardedValue.eachHop(value, { walk.pass($0, trusts: settings.trusts) })
        else { return false }
      } else {
        _ = Token.eachElement(of: bytes, in: field.value.bounds) { element in
          walk.pass(ForwardedNode(bytes.extracting(element)), trusts: settings.trusts)
          return true
        }
      }
    }
    return true
  }

  /// Takes fields out of the head: nobody asks for them from here on.
  private func forget(_ names: FieldSet, _ head: RequestHead, _ bytes: Span<UInt8>) {
    guard !head.present.isDisjoint(with: names) else { return }
    let takesOthers = names.contains(.trustedOnly) && head.present.contains(.trustedOnly)
    head.fields.removeAll { field in
      if field.id != .other { return names.contains(field.id) }
      return takesOthers
        && FieldName.classify(bytes.extracting(field.name.bounds)) == .trustedOnly
    }
    if names.contains(.forwarded), head.present.contains(.forwarded) { client.lostForwarded = true }
    if names.contains(.grpcTimeout), head.present.contains(.grpcTimeout) {
      client.lostTimeout = true
    }
    head.present = head.present.subtracting(names)
  }

  /// The client's address as text, `unix` where nothing but a Unix-domain socket is known.
  func clientText(_ downstream: DownstreamStream) -> [UInt8] {
    client.isKnown ? client.text : downstream.connection.peerText
  }
}
