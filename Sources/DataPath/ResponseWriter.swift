import HTTP1
import HTTPModel
import Primitives

/// Writes the head of the answer for the client, anew from what was understood.
///
/// `Date` and `Server` pass untouched. Cost: one copy of the fields. False: it does not fit.
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
      && writeFraming(exchange, out)
      && writeConnection(exchange, out)
      && writeRetried(exchange, out)
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

  /// 101: the protocol changes behind this exchange.responseHead.
  static func writeUpgrade(_ exchange: Exchange, _ input: Buffer, to out: Buffer) -> Bool {
    let bytes = input.readable
    guard
      HeadEncoder.appendStatusLine(
        101, reason: bytes.extracting(exchange.responseHead.reason.bounds), to: out),
      HeadEncoder.copyFields(
        exchange.responseHead.fields, of: bytes, omitting: dropped(exchange),
        others: others(exchange), nominatesOthers: exchange.responseHead.nominatesOthers, to: out)
    else { return false }
    for field in exchange.responseHead.fields where field.id == .upgrade {
      let value = bytes.extracting(field.value.bounds)
      guard HeadEncoder.appendField("upgrade", value: value, to: out) else { return false }
    }
    return HeadEncoder.append("connection: upgrade\r\n\r\n", to: out)
  }

  // A route's rules hold for these heads too: what it removes does not get out in them.
  private static func dropped(_ exchange: Exchange) -> FieldSet {
    FieldSet.hopByHop.union(exchange.route?.responseEdits.omitted ?? .none)
  }

  private static func others(_ exchange: Exchange) -> [[UInt8]] {
    exchange.route?.responseEdits.others ?? []
  }

  private static func writeFraming(_ exchange: Exchange, _ out: Buffer) -> Bool {
    guard out.writableCount >= 64 else { return false }
    if exchange.chunksResponse
      || (exchange.responseHead.declaresChunked && exchange.head.minorVersion == 1)
    {
      out.append("transfer-encoding: chunked\r\n")
      return true
    }
    var length = exchange.responseHead.declaredLength
    if case .length(let declared) = exchange.responseHead.framing { length = declared }
    guard let length else { return true }
    out.append("content-length: ")
    out.append(decimal: length)
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
    exchange.tries > 1 && exchange.isAnswerBad && exchange.route?.policy?.retry != nil
  }

  /// An answer that is still bad after retries says so: who is above need not try again.
  private static func writeRetried(_ exchange: Exchange, _ out: Buffer) -> Bool {
    guard saysRetried(exchange) else { return true }
    guard out.writableCount >= 64 else { return false }
    out.append("x-weir-retried: ")
    out.append(decimal: UInt64(exchange.tries))
    out.append("\r\n")
    return true
  }

  private static func writeConnection(_ exchange: Exchange, _ out: Buffer) -> Bool {
    if !exchange.keepsDownstreamOpen { return HeadEncoder.append("connection: close\r\n", to: out) }
    // RFC 9112 §9.3: a client of HTTP/1.0 must be told.
    if exchange.head.minorVersion == 0 {
      return HeadEncoder.append("connection: keep-alive\r\n", to: out)
    }
    return true
  }

  private static func writeLines(_ lines: [UInt8], _ out: Buffer) -> Bool {
    guard lines.count <= out.writableCount else { return false }
    out.append(lines)
    return true
  }
}
