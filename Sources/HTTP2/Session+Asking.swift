import CNghttp2
import HTTPModel
import Primitives

/// What only the side that asks does.
extension Session {
  /// Streams that the peer takes at once, as its SETTINGS say once they have come.
  package var peersStreamsMax: Int {
    // SAFETY: the session is ours and lives.
    let most = unsafe nghttp2_session_get_remote_settings(
      native, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
    return Int(min(most, Self.streamsMax))
  }

  /// Source: what RFC 9113 §6.5.2 recommends as the least that a peer allows, and Envoy's guide.
  private static let streamsMax: UInt32 = 100

  /// A request, whose head stands in the stream's `fields`; its payload follows from `output` as it comes,
  /// unless all of it is there and empty. False: this session takes none any more.
  package func submitRequest(_ stream: ClientStream) -> Bool {
    guard fault == nil, !isGoingAway, !stream.isHeadSubmitted else { return false }
    let hasBody = !stream.outputEnds || !stream.output.isEmpty || !stream.trailerFields.isEmpty
    var source = unsafe SessionCallbacks.source()
    // SAFETY: the library copies fields and provider.
    let id = unsafe withFields(stream.fields) { start, count in
      guard hasBody else {
        return unsafe nghttp2_submit_request(native, nil, start, count, nil, nil)
      }
      return unsafe nghttp2_submit_request(native, nil, start, count, &source, nil)
    }
    guard id > 0 else {
      check(id)
      return false
    }
    stream.isHeadSubmitted = true
    if !hasBody { stream.isEndSent = true }
    asked(stream, as: id)
    return true
  }
}
