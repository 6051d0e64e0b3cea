import CNghttp2
import HTTPModel
import Primitives

/// What goes out: heads, payload, trailers, and the frames that the library answers by.
extension Session {
  /// DATA that is ready: so many bytes, and whether they are the last.
  struct NextData {
    var count: Int
    var isLast: Bool
    var hasTrailers: Bool
  }

  /// Less room than that and no frame is begun.
  private static var roomMin: Int { 1024 }
  private static let frameHeaderBytes = 9

  /// An interim head (RFC 9113 §8.1). The list is copied.
  package func submitInterim(_ fields: FieldList, on stream: SessionStream) {
    guard !stream.isClosed, fault == nil else { return }
    unsafe check(
      withFields(fields) { start, count in
        unsafe nghttp2_submit_headers(
          native, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, nil, start, count, nil)
      })
  }

  /// The head of the answer, which stands in the stream's `fields`; its payload follows from `output`
  /// as it comes, unless all of it is there and empty.
  package func submitHead(of stream: SessionStream) {
    guard !stream.isHeadSubmitted else { return }
    stream.isHeadSubmitted = true
    guard !stream.isClosed, fault == nil else { return }
    let hasBody = !stream.outputEnds || !stream.output.isEmpty || !stream.trailerFields.isEmpty
    if !hasBody { stream.isEndSent = true }
    var source = unsafe SessionCallbacks.source()
    // SAFETY: the library copies fields and provider.
    unsafe check(
      withFields(stream.fields) { start, count in
        guard hasBody else {
          return unsafe nghttp2_submit_response(native, stream.id, start, count, nil)
        }
        return unsafe nghttp2_submit_response(native, stream.id, start, count, &source)
      })
  }

  /// Payload was put into the stream's `output`, or its end was said.
  package func resume(_ stream: SessionStream) {
    guard stream.isDeferred, !stream.isClosed, fault == nil else { return }
    stream.isDeferred = false
    unsafe check(nghttp2_session_resume_data(native, stream.id))
  }

  /// Gives `body` the fields as the library has them, which live as long as the call.
  func withFields(
    _ list: FieldList, _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Int32
  ) -> Int32 {
    // SAFETY: see inside.
    unsafe list.text.drain { bytes in
      // SAFETY: the ranges lie inside the list's text, which is not written to meanwhile; the
      // library only reads through the pointers, though it takes them as mutable ones.
      let start = unsafe UnsafeMutablePointer(
        mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
      let pairs = unsafe list.fields.map { field in
        unsafe nghttp2_nv(
          name: start.map { unsafe $0 + Int(field.name.start) },
          value: start.map { unsafe $0 + Int(field.value.start) },
          namelen: Int(field.name.count), valuelen: Int(field.value.count),
          flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
      }
      return Int(
        unsafe pairs.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) })
    }.asInt32
  }

  // MARK: Out

  /// Appends frames to `out` as long as there is room and there are some; true: there may be more.
  package func pull(into out: Buffer) -> Bool {
    guard putRest(into: out) else { return true }
    if let fault { return putFault(fault, into: out) }
    let waiting = deferredForRoom
    deferredForRoom.removeAll(keepingCapacity: true)
    for stream in waiting { resume(stream) }
    target = out
    defer { target = nil }
    while out.writableCount >= Self.roomMin {
      guard pullFrame(into: out) else {
        if fault != nil { return true }
        return !deferredForRoom.isEmpty
      }
      submitTrailersDue()
      guard rest.isEmpty else { return true }
    }
    return true
  }

  /// One call into the library; false: it has nothing.
  private func pullFrame(into out: Buffer) -> Bool {
    let before = out.count
    var start: UnsafePointer<UInt8>?
    // SAFETY: the library lends `count` bytes until it is called again.
    let count = unsafe nghttp2_session_mem_send(native, &start)
    if count < 0 { end(by: .outOfMemory) }
    guard count > 0 else {
      // DATA may have been put by `putData`, and trailers be due behind it.
      return !trailersDue.isEmpty || out.count > before
    }
    let frame = unsafe UnsafeBufferPointer(start: start, count: count)
    if count <= out.writableCount {
      // SAFETY: see above.
      unsafe out.append(frame.span)
    } else {
      let fits = out.writableCount
      // SAFETY: see above.
      unsafe out.append(frame.span.extracting(0..<fits))
      rest = unsafe Array(frame[fits...])[...]
    }
    return true
  }

  /// False: some of it is left.
  private func putRest(into out: Buffer) -> Bool {
    guard !rest.isEmpty else { return true }
    let part = rest.prefix(out.writableCount)
    out.append(Array(part))
    rest = rest.dropFirst(part.count)
    return rest.isEmpty
  }

  /// The last frame of a connection that we end: the library's session may be beyond use.
  private func putFault(_ fault: SessionFault, into out: Buffer) -> Bool {
    guard !isFaultSent else { return false }
    let text = fault.debugText
    let length = 8 + text.utf8CodeUnitCount
    guard out.writableCount >= Self.frameHeaderBytes + length else { return true }
    isFaultSent = true
    let last = unsafe nghttp2_session_get_last_proc_stream_id(native)
    for shift in [16, 8, 0] { out.append(UInt8(truncatingIfNeeded: length >> shift)) }
    out.append(FrameType.goAway)
    out.append(0)
    for word in [0, UInt32(bitPattern: last), fault.code.rawValue] {
      for shift in [24, 16, 8, 0] { out.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
    }
    out.append(text)
    goAwaySent(fault.code.rawValue)
    return false
  }

  // MARK: Asked by the callbacks

  /// What of the stream's payload goes into the next frame; nil: nothing now.
  func nextData(_ id: Int32, upTo most: Int) -> NextData? {
    guard let stream = streams[id], let target else { return nil }
    let available = stream.output.count
    guard available > 0 || stream.outputEnds else {
      stream.isDeferred = true
      return nil
    }
    let room = target.writableCount - Self.frameHeaderBytes
    guard room >= min(available, Self.roomMin) else {
      stream.isDeferred = true
      deferredForRoom.append(stream)
      return nil
    }
    let count = min(available, most, room)
    let isLast = count == available && stream.outputEnds
    let hasTrailers = isLast && !stream.trailerFields.isEmpty
    // The library makes no frame of nothing that ends nothing.
    if hasTrailers, count == 0 { trailersDue.append(stream) }
    return NextData(count: count, isLast: isLast, hasTrailers: hasTrailers)
  }

  /// A frame of `count` bytes of the stream's payload; false: the stream is gone.
  func putData(_ id: Int32, frameHeader: Span<UInt8>, _ count: Int) -> Bool {
    guard let stream = streams[id], let target, stream.output.count >= count,
      target.writableCount >= count + Self.frameHeaderBytes
    else { return false }
    let output = stream.output
    target.append(frameHeader)
    target.append(output.readable.extracting(0..<count))
    output.consume(count)
    if stream.output.isEmpty, stream.outputEnds {
      if stream.trailerFields.isEmpty {
        stream.isEndSent = true
      } else {
        trailersDue.append(stream)
      }
    }
    moved(stream)
    return true
  }

  private func submitTrailersDue() {
    guard !trailersDue.isEmpty else { return }
    let due = trailersDue
    trailersDue.removeAll(keepingCapacity: true)
    for stream in due where !stream.isClosed && !stream.trailerFields.isEmpty {
      // SAFETY: the library copies the fields.
      unsafe check(
        withFields(stream.trailerFields) { start, count in
          unsafe nghttp2_submit_trailer(native, stream.id, start, count)
        })
      stream.trailerFields.removeAll()
      stream.isEndSent = true
    }
  }
}

extension Int {
  fileprivate var asInt32: Int32 { Int32(truncatingIfNeeded: self) }
}
