import CNghttp2
import HTTPModel
import Primitives

/// One side of an HTTP/2 connection, as a pure machine: bytes in, events out; commands in, bytes out. libnghttp2 keeps frames, HPACK and windows (RFC 9113, RFC 7541); what they mean as HTTP, and
/// what a peer may ask of us, is judged here.
///
/// ```
/// receive(bytes) ─▶ events ─▶ (who serves them) ─▶ submit…, resume, reset ─▶ pull(into:)
/// ```
///
/// The library's callbacks only append: to streams, and to `events`, which are drained when its call has
/// returned. Nothing is submitted inside a callback, so no call into it is ever nested. No window opens
/// by itself: a connection's credit returns on receipt, a stream's when its bytes have left (`take`).
/// No socket, no clock, no lock. Confinement: its owner's loop.
@safe package final class Session {
  // SAFETY: `native` is made in `init` and freed in `deinit`, which nobody else does; it keeps a pointer
  // to this object, which therefore is never freed before it. It is called from one loop, never from
  // its own callbacks.
  private var made: OpaquePointer?
  let limits: SessionLimits
  let pool: BufferPool
  /// Gives a stream for each request that comes; nil: this is the client's side, where none does.
  let supply: ((Int32) -> ServerStream)?
  var streams: [Int32: SessionStream] = [:]
  var events: [SessionEvent] = []
  var nextEvent = 0
  var ledger: FrameLedger
  var now = Instant(nanoseconds: 0)
  /// What we ended the connection by.
  package internal(set) var fault: SessionFault?
  /// The peer has said that it takes no more requests.
  package internal(set) var isGoingAway = false
  var isFaultSent = false
  /// The field block that is being read, once unpacked.
  var blockBytes = 0
  /// Payload whose credit the connection is owed.
  var owedBytes = 0
  /// Streams that are reset for a reason of ours.
  var ownResets: Set<Int32> = []
  var drainStep = DrainStep.none
  /// Where `pull` writes, while it does.
  var target: Buffer?
  /// The rest of a frame that did not fit.
  var rest: ArraySlice<UInt8> = []
  var deferredForRoom: [SessionStream] = []
  var trailersDue: [SessionStream] = []

  /// Two steps, so that no request is lost that was on its way (RFC 9113 §6.8).
  enum DrainStep {
    case none
    /// The peer was told that the connection will end, and asked for an answer to a PING.
    case announced
    case acknowledged
    /// It was told which request is the last.
    case ended
  }

  /// The server's side; `supply` gives a stream for each request.
  package convenience init(
    _ limits: SessionLimits, _ pool: BufferPool, supply: @escaping (Int32) -> ServerStream
  ) {
    self.init(limits, pool, serving: supply)
  }

  /// The client's side, which makes requests (`submitRequest`).
  package convenience init(asking limits: SessionLimits, _ pool: BufferPool) {
    self.init(limits, pool, serving: nil)
  }

  private init(
    _ limits: SessionLimits, _ pool: BufferPool, serving supply: ((Int32) -> ServerStream)?
  ) {
    precondition(limits.streamWindowBytes <= BufferPool.largeBytes, "a window above a block")
    self.limits = limits
    self.pool = pool
    self.supply = supply
    ledger = FrameLedger(limits)
    unsafe made = SessionCallbacks.makeSession(for: self)
    announce()
  }

  deinit {
    unsafe nghttp2_session_del(native)
  }

  /// This is the side that asks.
  package var isClient: Bool { supply == nil }

  var native: OpaquePointer {
    guard let made = unsafe made else { preconditionFailure("no session was made") }
    return unsafe made
  }

  /// Our SETTINGS, and the connection's window.
  private func announce() {
    let settings = [
      isClient
        // Nobody may push (RFC 9113 §8.4).
        ? nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0)
        : nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
          value: limits.concurrentStreamsMax),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: UInt32(limits.streamWindowBytes)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(limits.head.headBytesMax)),
    ]
    // SAFETY: the array outlives the call, which copies it.
    unsafe check(
      settings.withUnsafeBufferPointer {
        unsafe nghttp2_submit_settings(
          native, UInt8(NGHTTP2_FLAG_NONE.rawValue), $0.baseAddress, $0.count)
      })
    unsafe check(
      nghttp2_session_set_local_window_size(
        native, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, limits.connectionWindowBytes))
  }

  /// Only memory can be lacking where we call it rightly.
  func check(_ result: Int32) {
    if result == NGHTTP2_ERR_NOMEM.rawValue { end(by: .outOfMemory) }
  }

  // MARK: What comes

  /// Takes all of `bytes`. What they meant is in the events then.
  package func receive(_ bytes: Span<UInt8>, now: Instant) {
    self.now = now
    guard fault == nil, bytes.count > 0 else { return }
    // SAFETY: the span outlives the call, which copies what it keeps.
    let taken = unsafe bytes.withUnsafeBufferPointer {
      unsafe nghttp2_session_mem_recv(native, $0.baseAddress, $0.count)
    }
    if taken < 0 { end(by: Self.fault(of: Int32(truncatingIfNeeded: taken))) }
    guard fault == nil else { return }
    if owedBytes > 0 {
      unsafe check(nghttp2_session_consume_connection(native, owedBytes))
      owedBytes = 0
    }
    if drainStep == .acknowledged { endDrain() }
    if queuedFrames > limits.queuedFramesMax { end(by: .outputQueueFull) }
  }

  private static func fault(of result: Int32) -> SessionFault {
    switch result {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: .badPreface
    case NGHTTP2_ERR_FLOODED.rawValue: .outputQueueFull
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue: .continuationFlood
    default: .outOfMemory
    }
  }

  /// Frames that wait to be sent.
  package var queuedFrames: Int { unsafe nghttp2_session_get_outbound_queue_size(native) }

  /// The next of the events, in order; nil: there are no more.
  package func takeEvent() -> SessionEvent? {
    guard nextEvent < events.count else {
      if nextEvent > 0 {
        events.removeAll(keepingCapacity: true)
        nextEvent = 0
      }
      return nil
    }
    defer { nextEvent += 1 }
    let event = events[nextEvent]
    switch event {
    case .body(let stream): stream.isTold = false
    case .moved(let stream): stream.movesOutput = false
    case .request, .closed, .goAway, .goAwayCame: break
    }
    return event
  }

  package var hasEvents: Bool { nextEvent < events.count }

  /// Nothing more is wanted of the peer and nothing is left for it: the connection is over.
  package var isOver: Bool {
    if fault != nil { return isFaultSent && rest.isEmpty }
    return unsafe nghttp2_session_want_read(native) == 0
      && nghttp2_session_want_write(native) == 0 && rest.isEmpty
  }

  package var streamCount: Int { streams.count }

  // MARK: Commands

  /// `count` unread bytes of the body have left for the other side; what is not kept opens the
  /// stream's window again.
  package func take(_ count: Int, of stream: SessionStream) {
    stream.taken(count)
    let free = stream.owedBytes - stream.payload.count
    guard free > 0 else { return }
    stream.owedBytes -= free
    // Behind its end nothing more comes.
    guard !stream.isEnded, !stream.isClosed, fault == nil else { return }
    unsafe check(nghttp2_session_consume_stream(native, stream.id, free))
  }

  /// Ends a stream at once. `isPeersFault`: for what the peer sent, which may not happen often.
  package func reset(_ stream: SessionStream, _ code: ErrorCode, isPeersFault: Bool = false) {
    guard fault == nil else { return }
    guard !stream.isClosed else {
      // Both directions have ended, as in an answer to a request that was refused.
      if isPeersFault, stream.resetCode == nil, let reason = ledger.streamErred(now) {
        end(by: reason)
      }
      return
    }
    if !isPeersFault { ownResets.insert(stream.id) }
    unsafe check(
      nghttp2_submit_rst_stream(
        native, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code.rawValue))
  }

  /// Nobody serves the stream any more: nothing of it is told.
  package func forget(_ stream: SessionStream) {
    if streams[stream.id] === stream { streams[stream.id] = nil }
    // It may serve another request before they are taken.
    guard nextEvent < events.count else { return }
    let told = events[nextEvent...].filter { $0.stream !== stream }
    events.replaceSubrange(nextEvent..., with: told)
  }

  /// The peer is told that the connection will end; requests that are on their way are still taken.
  package func beginDrain() {
    guard drainStep == .none, fault == nil else { return }
    drainStep = .announced
    unsafe check(nghttp2_submit_shutdown_notice(native))
    // SAFETY: eight bytes, which are copied.
    unsafe check(
      Self.drainPing.withUnsafeBufferPointer {
        unsafe nghttp2_submit_ping(native, UInt8(NGHTTP2_FLAG_NONE.rawValue), $0.baseAddress)
      })
  }

  /// What is on its way has come: no more requests are taken than have begun.
  package func endDrain() {
    guard drainStep != .ended, fault == nil else { return }
    drainStep = .ended
    goAway(.noError)
  }

  package var isDraining: Bool { drainStep != .none }

  /// Ends the connection now; streams that are under way are ended with it.
  package func terminate(_ code: ErrorCode) {
    guard fault == nil else { return }
    unsafe check(nghttp2_session_terminate_session(native, code.rawValue))
  }

  /// The time of a header block is over: nothing can follow it but its end (RFC 9113 §6.10).
  package func giveUpHead() { end(by: .slowHead) }

  private func goAway(_ code: ErrorCode) {
    unsafe check(
      nghttp2_submit_goaway(
        native, UInt8(NGHTTP2_FLAG_NONE.rawValue),
        nghttp2_session_get_last_proc_stream_id(native), code.rawValue, nil, 0))
  }

  static let drainPing: [UInt8] = Array("weir end".utf8)
}
