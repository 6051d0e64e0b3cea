import HTTP1
import HTTPModel
import Primitives
import Reactor
import Telemetry

/// The answer as text in the connection's output: heads, payload, and replies of our own.
extension HTTP1DownstreamStream {
  /// The head of an endpoint's answer.
  @inline(__always)
  func writeHead(of answer: UpstreamStream, _ edits: HeaderEdits, to out: Buffer) -> Bool {
    let exchange = exchange
    let answered = answer.head
    let block = answer.headBlock
    let bytes = block.readable
    let sink = HTTP1FieldSink(out: out)
    return HeadEncoder.appendStatusLine(
      answered.status, reason: bytes.extracting(answered.reason.bounds), to: out)
      && AnswerFields.copy(exchange, answered, edits, bytes, to: sink)
      && writeFraming(answered, bytes, sink)
      && AnswerFields.addDate(exchange, answered, edits, bytes, to: sink)
      && writeConnection(answered, bytes, sink)
      && AnswerFields.add(exchange, self, answered, edits, to: sink)
      && HeadEncoder.append("\r\n", to: out)
  }

  /// How the client learns where the body ends, and whether its connection stays open.
  func decideFraming(_ answer: ResponseHead) {
    let needsChunks = answer.length == .unknown
    sendsChunks = needsChunks && http1Head.minorVersion == 1
    if needsChunks, http1Head.minorVersion == 0 { keepsOpen(false) }
  }

  /// A 1xx.
  func writeInterim(of answer: UpstreamStream, to out: Buffer) -> Bool {
    let block = answer.headBlock
    let bytes = block.readable
    return HeadEncoder.appendStatusLine(
      answer.head.status, reason: bytes.extracting(answer.head.reason.bounds), to: out)
      && AnswerFields.copyInterim(exchange, answer.head, bytes, to: HTTP1FieldSink(out: out))
      && HeadEncoder.append("\r\n", to: out)
  }

  /// 101: the protocol changes behind this head.
  func writeUpgrade(of answer: UpstreamStream, to out: Buffer) -> Bool {
    let block = answer.headBlock
    let bytes = block.readable
    let sink = HTTP1FieldSink(out: out)
    return HeadEncoder.appendStatusLine(
      101, reason: bytes.extracting(answer.head.reason.bounds), to: out)
      && AnswerFields.copyInterim(exchange, answer.head, bytes, to: sink)
      && writeUpgradeFields(answer.head.fields, bytes, sink)
      && HeadEncoder.append("connection: upgrade\r\n\r\n", to: out)
  }

  private func writeFraming(
    _ answer: ResponseHead, _ bytes: Span<UInt8>, _ sink: HTTP1FieldSink
  ) -> Bool {
    let out = sink.out
    let name = answer.lengthName
    guard out.writableCount >= Int(name.count) + 64 else { return false }
    if sendsChunks {
      if name.isEmpty {
        sink.begin("transfer-encoding: ")
      } else {
        sink.begin(as: bytes.extracting(name.bounds))
      }
      out.append("chunked")
      sink.end()
      return true
    }
    var length = answer.declaredLength
    if case .known(let declared) = answer.length { length = declared }
    guard let length else { return true }
    // An answer of HTTP/2 may end without having said its length.
    if name.isEmpty {
      sink.begin("content-length: ")
    } else {
      sink.begin(as: bytes.extracting(name.bounds))
    }
    out.append(decimal: length)
    sink.end()
    return true
  }

  private func writeConnection(
    _ answer: ResponseHead, _ bytes: Span<UInt8>, _ sink: HTTP1FieldSink
  ) -> Bool {
    if answer.status == 426, answer.present.contains(.upgrade), http1Head.minorVersion == 1 {
      return writeWantedUpgrade(answer, bytes, sink)
    }
    if !keepsOpen { return HeadEncoder.append("connection: close\r\n", to: sink.out) }
    // RFC 9112 §9.3: a client of HTTP/1.0 must be told.
    if http1Head.minorVersion == 0 {
      return HeadEncoder.append("connection: keep-alive\r\n", to: sink.out)
    }
    return true
  }

  /// RFC 9110 §15.5.22: a 426 says which protocol is wanted, and the client's next request may ask
  /// for it through us; not for HTTP/2.
  private func writeWantedUpgrade(
    _ answer: ResponseHead, _ bytes: Span<UInt8>, _ sink: HTTP1FieldSink
  ) -> Bool {
    let wanted = answer.fields.filter {
      $0.id == .upgrade && UpgradeField.mayPass(bytes.extracting($0.value.bounds))
    }
    let out = sink.out
    guard out.writableCount >= 64 else { return false }
    switch (wanted.isEmpty, keepsOpen) {
    case (true, true): break
    case (true, false): out.append("connection: close\r\n")
    case (false, true): out.append("connection: upgrade\r\n")
    case (false, false): out.append("connection: upgrade, close\r\n")
    }
    return writeUpgradeFields(wanted, bytes, sink)
  }

  private func writeUpgradeFields(
    _ fields: [Field], _ bytes: Span<UInt8>, _ sink: HTTP1FieldSink
  ) -> Bool {
    for field in fields where field.id == .upgrade {
      let name = bytes.extracting(field.name.bounds)
      guard sink.put(as: name, bytes.extracting(field.value.bounds)) else { return false }
    }
    return true
  }

  // MARK: Replies of our own

  func write(_ reply: LocalReply, to out: Buffer) -> Bool {
    guard out.writableCount > reply.bytesNeeded else { return false }
    let exchange = exchange
    let sink = HTTP1FieldSink(out: out)
    Self.beginHead(exchange.status, out)
    AnswerFields.addDate(worker, to: sink)
    guard reply.writeFields(exchange, self, to: sink) else { return false }
    if let length = reply.bodyBytes {
      sink.begin("content-length: ")
      out.append(decimal: UInt64(length))
      sink.end()
    }
    if !keepsOpen {
      out.append("connection: close\r\n")
    } else if http1Head.minorVersion == 0 {
      out.append("connection: keep-alive\r\n")
    }
    out.append("\r\n")
    if !(headPart >= .method && head.method == .head) { reply.appendBody(to: out) }
    return true
  }

  private static func beginHead(_ status: UInt16, _ out: Buffer) {
    out.append("HTTP/1.1 ")
    out.append(decimal: UInt64(status))
    out.append(" ")
    out.append(StatusPhrase.text(status))
    out.append("\r\n")
  }

  /// A fatal `handshake_failure`, for a client that speaks TLS where plaintext is spoken; every version
  /// understands it: type 21, version, two bytes, level 2, description 40 (RFC 8446 §6.2).
  static func appendAlert(to out: Buffer) {
    for byte: UInt8 in [21, 3, 1, 0, 2, 2, 40] { out.append(byte) }
  }

  /// For a connection that is refused before any request.
  static func appendRefusal(_ kind: FailureKind, to out: Buffer) {
    let row = kind.row
    beginHead(row.status, out)
    out.append("proxy-status: weir; error=")
    out.append(row.proxyStatus)
    out.append("; details=\"")
    out.append(row.name)
    out.append("\"\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
  }
}
