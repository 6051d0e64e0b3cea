import CNghttp2
import HTTPModel
import Primitives

/// Between libnghttp2 and a session: each callback hands on what it was given and returns.
enum SessionCallbacks {
  // SAFETY: throughout this file: the library gives each callback the pointer to the session that
  // `makeSession` gave it, and the session frees the library's object before it is freed itself; frames,
  // names, values and data are valid for the time of the callback, and their lengths are those given.

  /// The library's object for `session`.
  static func makeSession(for session: Session) -> OpaquePointer {
    var callbacks: OpaquePointer?
    var options: OpaquePointer?
    var made: OpaquePointer?
    unsafe require(nghttp2_session_callbacks_new(&callbacks))
    unsafe require(nghttp2_option_new(&options))
    defer {
      unsafe nghttp2_session_callbacks_del(callbacks)
      unsafe nghttp2_option_del(options)
    }
    unsafe setReceiving(callbacks)
    unsafe setSending(callbacks)
    unsafe nghttp2_option_set_no_auto_window_update(options, 1)
    // What fields mean is judged by us, more strictly and by name.
    unsafe nghttp2_option_set_no_http_messaging(options, 1)
    // Closed streams are kept for priorities (RFC 7540 §5.3.4), which nobody here uses.
    unsafe nghttp2_option_set_no_closed_streams(options, 1)
    unsafe nghttp2_option_set_max_send_header_block_length(options, 256 * 1024)
    // Its own limit of resets reads a clock; ours is given the time, and is reached first.
    unsafe nghttp2_option_set_stream_reset_rate_limit(options, 1 << 40, 1 << 40)
    // Its count of CONTINUATION goes up with each call that finds it between two of them, so a header
    // that comes byte by byte would be a flood; ours counts frames.
    unsafe nghttp2_option_set_max_continuations(options, .max)
    // SAFETY: as above. Frames of unknown types are told of, so that they are counted, and ignored.
    for type in FrameType.continuation + 1...UInt8.max {
      unsafe nghttp2_option_set_user_recv_extension_type(options, type)
    }
    let own = unsafe Unmanaged.passUnretained(session).toOpaque()
    unsafe require(
      session.isClient
        ? nghttp2_session_client_new2(&made, callbacks, own, options)
        : nghttp2_session_server_new2(&made, callbacks, own, options))
    guard let made = unsafe made else { preconditionFailure("libnghttp2 made no session") }
    return unsafe made
  }

  private static func require(_ result: Int32) {
    precondition(result == 0, "libnghttp2 has no memory")
  }

  private static func session(_ pointer: UnsafeMutableRawPointer?) -> Session {
    guard let pointer = unsafe pointer else { preconditionFailure("a callback without a session") }
    // SAFETY: see above.
    return unsafe Unmanaged<Session>.fromOpaque(pointer).takeUnretainedValue()
  }

  private static func span(
    _ start: UnsafePointer<UInt8>?, _ count: Int, _ body: (Span<UInt8>) -> Bool
  ) -> Bool {
    // SAFETY: see above; the span does not leave the callback.
    unsafe body(UnsafeBufferPointer(start: start, count: count).span)
  }

  private static var failed: Int32 { NGHTTP2_ERR_CALLBACK_FAILURE.rawValue }

  private static func setReceiving(_ callbacks: OpaquePointer?) {
    // SAFETY: see above, for each of these.
    unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, user in
      guard let header = unsafe header else { return 0 }
      return unsafe SessionCallbacks.session(user).frameBegan(header.pointee.type)
        ? 0 : SessionCallbacks.failed
    }
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
      guard let frame = unsafe frame else { return 0 }
      unsafe SessionCallbacks.session(user).blockBegan(
        frame.pointee.hd.stream_id, isRequest: SessionCallbacks.isRequest(frame.pointee))
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, frame, name, nameCount, value, valueCount, _, user in
      guard let frame = unsafe frame else { return 0 }
      let session = unsafe SessionCallbacks.session(user)
      let id = unsafe frame.pointee.hd.stream_id
      let goesOn = unsafe SessionCallbacks.span(name, nameCount) { name in
        unsafe SessionCallbacks.span(value, valueCount) { session.fieldCame(id, name, $0) }
      }
      return goesOn ? 0 : SessionCallbacks.failed
    }
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
      _, _, id, data, count, user in
      let session = unsafe SessionCallbacks.session(user)
      _ = unsafe SessionCallbacks.span(data, count) {
        session.dataCame(id, $0)
        return true
      }
      return 0
    }
    unsafe nghttp2_session_callbacks_set_unpack_extension_callback(callbacks) { _, _, _, _ in
      NGHTTP2_ERR_CANCEL.rawValue
    }
    // SAFETY: see above.
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
      guard let frame = unsafe frame else { return 0 }
      return unsafe SessionCallbacks.frameCame(frame.pointee, SessionCallbacks.session(user))
        ? 0 : SessionCallbacks.failed
    }
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, user in
      unsafe SessionCallbacks.session(user).streamClosed(id, code)
      return 0
    }
  }

  // SAFETY: `frame` is the library's, and its kind says which of its members holds.
  private static func isRequest(_ frame: nghttp2_frame) -> Bool {
    unsafe frame.hd.type == FrameType.headers
      && frame.headers.cat.rawValue == NGHTTP2_HCAT_REQUEST.rawValue
  }

  /// False: the connection ends by this frame.
  // SAFETY: `frame` is the library's, and its kind says which of its members holds.
  private static func frameCame(_ frame: nghttp2_frame, _ session: Session) -> Bool {
    let header = unsafe frame.hd
    let isEnd = header.flags & FrameType.endStream != 0
    switch header.type {
    case FrameType.headers:
      unsafe session.blockEnded(
        header.stream_id, isRequest: SessionCallbacks.isRequest(frame), isEnd: isEnd)
    case FrameType.data:
      // SAFETY: as above.
      let payload = unsafe Int(header.length) - Int(frame.data.padlen)
      return session.dataEnded(header.stream_id, payload: payload, isEnd: isEnd)
    case FrameType.resetStream:
      unsafe session.resetCame(header.stream_id, frame.rst_stream.error_code)
    case FrameType.goAway: session.goAwayCame()
    case FrameType.ping where header.flags & FrameType.acknowledgement != 0:
      // SAFETY: as above.
      let data = unsafe frame.ping.opaque_data
      let isDrains = data.0 == Session.drainPing[0] && data.7 == Session.drainPing[7]
      session.pingAcknowledged(isDrains)
    default: break
    }
    return true
  }

  private static func setSending(_ callbacks: OpaquePointer?) {
    // SAFETY: see the top, for each of these.
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
      guard let frame = unsafe frame else { return 0 }
      // SAFETY: the frame's kind says which of its members holds.
      switch unsafe frame.pointee.hd.type {
      case FrameType.headers:
        unsafe SessionCallbacks.session(user).headSent(frame.pointee.hd.stream_id)
      case FrameType.resetStream:
        unsafe SessionCallbacks.session(user).resetSent(frame.pointee.hd.stream_id)
      case FrameType.goAway:
        unsafe SessionCallbacks.session(user).goAwaySent(frame.pointee.goaway.error_code)
      default: break
      }
      return 0
    }
    // A request that the library held back until it could not go any more.
    unsafe nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) {
      _, frame, _, user in
      guard let frame = unsafe frame else { return 0 }
      let session = unsafe SessionCallbacks.session(user)
      // SAFETY: the header is there whatever the kind.
      let header = unsafe frame.pointee.hd
      if header.type == FrameType.headers, session.isClient {
        session.streamClosed(header.stream_id, ErrorCode.refusedStream.rawValue)
      }
      return 0
    }
    // SAFETY: see the top.
    unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks) {
      _, frame, header, count, _, user in
      guard let frame = unsafe frame else { return SessionCallbacks.failed }
      let session = unsafe SessionCallbacks.session(user)
      let id = unsafe frame.pointee.hd.stream_id
      let isSent = unsafe SessionCallbacks.span(header, 9) {
        session.putData(id, frameHeader: $0, count)
      }
      return isSent ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }
  }

  /// Where DATA comes from: how much there is, and whether it is the last.
  static func source() -> nghttp2_data_provider {
    // SAFETY: no pointer is given: the stream is found by its id.
    unsafe nghttp2_data_provider(source: nghttp2_data_source(ptr: nil)) {
      _, id, _, most, flags, _, user in
      let session = unsafe SessionCallbacks.session(user)
      guard let next = session.nextData(id, upTo: most) else {
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
      }
      var said = NGHTTP2_DATA_FLAG_NO_COPY.rawValue
      if next.isLast { said |= NGHTTP2_DATA_FLAG_EOF.rawValue }
      if next.hasTrailers { said |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue }
      // SAFETY: the library gives a place for the flags.
      unsafe flags?.pointee |= said
      return next.count
    }
  }
}
