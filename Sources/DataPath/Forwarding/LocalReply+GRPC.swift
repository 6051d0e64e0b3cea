import Primitives

/// Answers of our own to calls of gRPC: a head alone that holds the status (gRPC over HTTP/2, Responses:
/// Trailers-Only).
extension LocalReply {
  /// So much of a fixed answer becomes its message, three times as long where all is encoded. Clients
  /// take heads of 8 KiB.
  private static let messageBytesMax = 1024

  static func write<Sink: FieldSink>(_ status: GRPCStatus, to sink: Sink) {
    sink.begin("content-type: ")
    sink.out.append("application/grpc")
    sink.end()
    sink.begin("grpc-status: ")
    sink.out.append(decimal: UInt64(status.rawValue))
    sink.end()
  }

  /// The body of a fixed answer becomes its message.
  static func write<Sink: FieldSink>(
    _ response: DirectResponse, _ status: GRPCStatus, _ exchange: Exchange, _ sink: Sink
  ) -> Bool {
    let out = sink.out
    guard out.writableCount > 3 * messageBytesMax + 512 else { return false }
    sink.begin("proxy-status: ")
    out.append("weir")
    sink.end()
    write(status, to: sink)
    let message = response.body.prefix(messageBytesMax)
    if !message.isEmpty {
      sink.begin("grpc-message: ")
      let bytes = Array(message)
      appendPercentEncoded(bytes.span, to: out)
      sink.end()
    }
    guard let edits = exchange.route?.responseEdits, !edits.lines.isEmpty else { return true }
    return out.writableCount > edits.lines.count + 256 && sink.add(edits)
  }

  /// gRPC over HTTP/2, Responses: all but what is printed as itself in ASCII, and `%`. A line's end at the
  /// end is no part of a message. The room has been made sure of: three times the text.
  static func appendPercentEncoded(_ text: Span<UInt8>, to out: Buffer) {
    var end = text.count
    while end > 0, text[end - 1] == 0x0A || text[end - 1] == 0x0D { end -= 1 }
    for index in 0..<end {
      let byte = text[index]
      if byte >= 0x20, byte <= 0x7E, byte != 0x25 {
        out.append(byte)
      } else {
        out.append(0x25)
        out.append(hexDigit(byte >> 4))
        out.append(hexDigit(byte & 15))
      }
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 + value : 0x41 + value - 10
  }
}
