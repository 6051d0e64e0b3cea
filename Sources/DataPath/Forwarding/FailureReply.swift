import HTTPModel
import Primitives

/// What the client of a failure is told, worked out once: its name, what it failed of in particular, and
/// in which form.
struct FailureReply {
  let name: StaticString
  let proxyStatus: StaticString
  let detail: StaticString
  /// Plain text instead of JSON.
  let isText: Bool
  /// By HTTP's count, whatever the client's protocol is.
  let status: UInt16
  /// For a call of gRPC: what it is told in a head alone.
  let grpcStatus: GRPCStatus?

  init(
    _ row: FailureKind.Row, _ detail: StaticString, _ status: UInt16, _ grpcStatus: GRPCStatus?,
    to downstream: DownstreamStream
  ) {
    name = row.name
    proxyStatus = row.proxyStatus
    self.detail = detail
    self.status = status
    self.grpcStatus = grpcStatus
    isText = Self.prefersText(downstream)
  }

  /// `weir: …` and a line's end, or `{"error":"…","by":"weir"}` and one.
  var bodyBytes: Int {
    if grpcStatus != nil { return 0 }
    let more = detail.utf8CodeUnitCount > 0 ? detail.utf8CodeUnitCount + 2 : 0
    return name.utf8CodeUnitCount + more + (isText ? 7 : 25)
  }

  func appendBody(to out: Buffer) {
    if grpcStatus != nil { return }
    out.append(isText ? "weir: " : "{\"error\":\"")
    appendReason(to: out)
    out.append(isText ? "\n" : "\",\"by\":\"weir\"}\n")
  }

  func appendReason(to out: Buffer) {
    out.append(name)
    if detail.utf8CodeUnitCount > 0 {
      out.append(": ")
      out.append(detail)
    }
  }

  /// Text only for who asks for it and not for JSON: a service's client reads JSON.
  private static func prefersText(_ downstream: DownstreamStream) -> Bool {
    guard downstream.headPart >= .line, downstream.head.present.contains(.accept),
      let field = downstream.head.fields.first(where: { $0.id == .accept })
    else { return false }
    let block = downstream.headBlock
    let value = block.slice(field.value)
    var hasText = false
    for index in value.indices where value[index] == 0x2F {
      if matches(value, "text", before: index) { hasText = true }
      if index + 4 < value.count, value[index + 1] == 0x6A, value[index + 2] == 0x73 {
        return false
      }
    }
    return hasText
  }

  private static func matches(_ value: Span<UInt8>, _ word: StaticString, before end: Int) -> Bool {
    let start = end - word.utf8CodeUnitCount
    return start >= 0 && ByteScan.equalIgnoringCase(value.extracting(start..<end), word)
  }
}
