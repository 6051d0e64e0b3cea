import HTTP1
import HTTPModel
import Primitives
import Reactor
import Telemetry

/// Writes the head of the answer for the client, anew from what was understood.
///
/// `Date` and `Server` pass untouched; a `Date` that is missing is put in. Names keep their case
/// (decision 0011). Cost: one copy of the fields. False: it does not fit.
enum ResponseWriter {
  static func write(
    _ exchange: Exchange, _ edits: HeaderEdits, _ input: Buffer, to out: Buffer
  ) -> Bool {
    let bytes = input.readable
    return HeadEncoder.appendStatusLine(
      exchange.responseHead.status, reason: bytes.extracting(exchange.responseHead.reason.bounds),
      to: out)
      && HeadEncoder.copyFields(
        exchange.responseHead.fields, of: bytes, omitting: omitted(exchange, edits),
        others: edits.others, nominatesOthers: exchange.responseHead.nominatesOthers, to: out)
      && writeFraming(exchange, bytes, out)
      && writeDate(exchange, edits, bytes, out)
      && writeConnection(exchange, bytes, out)
      && writeRetried(exchange, out)
      && (exchange.responseHead.status < 500 || writeRequestID(exchange, out))
      && writeLines(edits.lines, out)
      && HeadEncoder.append("\r\n", to: out)
  }

  /// A 1xx that the client is shown.
  static func writeInterim(_ exchange: Exchange, _ input: Buffer, to out: Buffer) -> Bool {
    let bytes = input.readable
    return HeadEncoder.appendStatusLine(
      exchange.responseHead.status, reason: bytes.extracting(exchange.responseHead.reason.bounds),
      to: out)
      && HeadEncoder.copyFields(
        exchange.responseHead.fields, of: bytes, omitting: dropped(exchange),
        others: others(exchange), nominatesOthers: exchange.responseHead.nominatesOthers, to: out)
      && HeadEncoder.append("\r\n", to: out)
  }

  /// 101: the protocol changes behind this head.
  static func writeUpgrade(_ exchange: Exchange, _ input: Buffer, to out: Buffer) -> Bool {
    let bytes = input.readable
    guard
      HeadEncoder.appendStatusLine(
        101, reason: bytes.extracting(exchange.responseHead.reason.bounds), to: out),
      HeadEncoder.copyFields(
        exchange.responseHead.fields, of: bytes, omitting: dropped(exchange),
        others: others(exchange), nominatesOthers: exchange.responseHead.nominatesOthers, to: out)
    else { return false }
    return appendUpgrades(exchange.responseHead.fields, bytes, out)
      && HeadEncoder.append("connection: upgrade\r\n\r\n", to: out)
  }

  // A route's rules hold for these heads too: what it removes does not get out in them.
  private static func dropped(_ exchange: Exchange) -> FieldSet {
    FieldSet.hopByHop.union(exchange.route?.responseEdits.omitted ?? .none)
  }

  private static func others(_ exchange: Exchange) -> [[UInt8]] {
    exchange.route?.responseEdits.others ?? []
  }

  private static func writeFraming(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    let head = exchange.responseHead
    let name = head.framingName
    guard out.writableCount >= Int(name.count) + 64 else { return false }
    if exchange.answerProgress.isChunked {
      if name.isEmpty {
        out.append("transfer-encoding: chunked\r\n")
      } else {
        out.append(bytes.extracting(name.bounds))
        out.append(": chunked\r\n")
      }
      return true
    }
    var length = head.declaredLength
    if case .length(let declared) = head.framing { length = declared }
    guard let length else { return true }
    out.append(bytes.extracting(name.bounds))
    out.append(": ")
    out.append(decimal: length)
    out.append("\r\n")
    return true
  }

  /// RFC 9110 §6.6.1: who receives an answer without `Date` and has a clock appends when it came.
  /// Not where the route decides on the field. The text is made once a second.
  @inline(__always)
  private static func writeDate(
    _ exchange: Exchange, _ edits: HeaderEdits, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    let head = exchange.responseHead
    if head.present.contains(.date), !head.nominatesOthers { return true }
    return writeMissingDate(exchange, edits, bytes, out)
  }

  private static func writeMissingDate(
    _ exchange: Exchange, _ edits: HeaderEdits, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    let fields = exchange.responseHead.fields
    let isKept = fields.contains {
      $0.id == .date && !HeadEncoder.isNominated(bytes.extracting($0.name.bounds), fields, bytes)
    }
    if isKept || edits.omitted.contains(.date) { return true }
    guard out.writableCount >= 64 else { return false }
    let worker = exchange.worker
    out.append("date: ")
    worker.timestamps.appendHTTPDate(worker.loop.kernel.unixNanoseconds(), to: out)
    out.append("\r\n")
    return true
  }

  /// What is not copied: of two hints the nearer one is ours.
  private static func omitted(_ exchange: Exchange, _ edits: HeaderEdits) -> FieldSet {
    var omitted = FieldSet.hopByHop.union(edits.omitted)
    if saysRetried(exchange) { omitted.insert(.xWeirRetried) }
    return omitted
  }

  private static func saysRetried(_ exchange: Exchange) -> Bool {
    exchange.history.begun > 1 && exchange.isAnswerBad && exchange.route?.policy?.retry != nil
  }

  /// An answer that is still bad after retries says so: who is above need not try again.
  private static func writeRetried(_ exchange: Exchange, _ out: Buffer) -> Bool {
    guard saysRetried(exchange) else { return true }
    guard out.writableCount >= 64 else { return false }
    out.append("x-weir-retried: ")
    out.append(decimal: UInt64(exchange.history.begun))
    out.append("\r\n")
    return true
  }

  /// The client of a failed request learns the id that `weir explain` knows it by.
  private static func writeRequestID(_ exchange: Exchange, _ out: Buffer) -> Bool {
    guard exchange.settings?.marksErrors == true, let input = exchange.downstream?.input,
      !exchange.responseHead.fields.contains(where: { $0.id == .xRequestID })
    else { return true }
    guard out.writableCount >= RequestID.bytesMax + 32 else { return false }
    out.append("x-request-id: ")
    exchange.identifiers.requestID.append(head: input.readable, to: out)
    out.append("\r\n")
    return true
  }

  private static func writeConnection(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    let head = exchange.responseHead
    if head.status == 426, head.present.contains(.upgrade), exchange.head.minorVersion == 1 {
      return writeWantedUpgrade(exchange, bytes, out)
    }
    if !exchange.keepsDownstreamOpen { return HeadEncoder.append("connection: close\r\n", to: out) }
    // RFC 9112 §9.3: a client of HTTP/1.0 must be told.
    if exchange.head.minorVersion == 0 {
      return HeadEncoder.append("connection: keep-alive\r\n", to: out)
    }
    return true
  }

  /// RFC 9110 §15.5.22: a 426 says which protocol is wanted, and the client's next request may ask
  /// for it through us; not for HTTP/2.
  private static func writeWantedUpgrade(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    let wanted = exchange.responseHead.fields.filter {
      $0.id == .upgrade && UpgradeField.mayPass(bytes.extracting($0.value.bounds))
    }
    guard out.writableCount >= 64 else { return false }
    let stays = exchange.keepsDownstreamOpen
    switch (wanted.isEmpty, stays) {
    case (true, true): break
    case (true, false): out.append("connection: close\r\n")
    case (false, true): out.append("connection: upgrade\r\n")
    case (false, false): out.append("connection: upgrade, close\r\n")
    }
    return appendUpgrades(wanted, bytes, out)
  }

  private static func appendUpgrades(
    _ fields: [Field], _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    for field in fields where field.id == .upgrade {
      let name = bytes.extracting(field.name.bounds)
      let value = bytes.extracting(field.value.bounds)
      guard HeadEncoder.appendField(name: name, value: value, to: out) else { return false }
    }
    return true
  }

  private static func writeLines(_ lines: [UInt8], _ out: Buffer) -> Bool {
    guard lines.count <= out.writableCount else { return false }
    out.append(lines)
    return true
  }
}
