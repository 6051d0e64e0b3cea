import HTTPModel
import Primitives
import Telemetry

/// Calls of gRPC: what they are known by, and how they ended. A request that has no `content-type`, or
/// is no POST, costs one look.
extension Exchange {
  private static let statusName: StaticString = "grpc-status"

  @inline(__always)
  func recognizeGRPC(_ downstream: DownstreamStream) {
    let head = downstream.head
    if head.method == .post, head.present.contains(.contentType) {
      let block = downstream.headBlock
      readContentType(head, block.readable)
    }
  }

  /// gRPC over HTTP/2, Requests: `application/grpc`, and behind it `+proto` or the like.
  private func readContentType(_ head: RequestHead, _ bytes: Span<UInt8>) {
    guard let field = head.fields.first(where: { $0.id == .contentType }) else { return }
    if Self.isGRPC(bytes.extracting(field.value.bounds)) { grpc.begin() }
  }

  static func isGRPC(_ type: Span<UInt8>) -> Bool {
    let name: StaticString = "application/grpc"
    let length = name.utf8CodeUnitCount
    guard type.count >= length,
      ByteScan.equalIgnoringCase(type.extracting(0..<length), name)
    else { return false }
    // `application/grpc-web` is another protocol.
    guard type.count > length else { return true }
    return [0x2B, 0x3B, 0x20, 0x09].contains(type[length])
  }

  /// The head of an answer goes on to the client: one without a message has the status there.
  func noteGRPCHead(_ answer: ResponseHead, _ bytes: Span<UInt8>) {
    for field in answer.fields where field.id == .other {
      if ByteScan.equalIgnoringCase(bytes.extracting(field.name.bounds), Self.statusName) {
        grpc.answers(code: Token.decimal(bytes.extracting(field.value.bounds)))
      }
    }
  }

  /// Appends the trailers of an answer, as lines, and learns from them how a call ended; false: there is
  /// no room.
  func appendTrailers(
    of source: MessageStream, _ edits: HeaderEdits, to out: Buffer
  ) -> Bool {
    let before = out.count
    guard source.appendTrailers(edits, to: out) else { return false }
    if grpc.isCall {
      noteGRPCTrailers(out.readable.extracting(before..<out.count))
    }
    return true
  }

  /// `name: value CRLF`, again and again.
  private func noteGRPCTrailers(_ lines: Span<UInt8>) {
    var start = 0
    while start < lines.count,
      let end = ByteScan.firstIndex(of: 0x0D, in: lines, from: start),
      let colon = ByteScan.firstIndex(of: 0x3A, in: lines, from: start), colon < end
    {
      if ByteScan.equalIgnoringCase(lines.extracting(start..<colon), Self.statusName) {
        let value = Token.trimmed(lines, colon + 1..<end)
        grpc.answers(code: Token.decimal(lines.extracting(value)))
      }
      start = end + 2
    }
  }

  /// An answer of ours in the form that the client of a call understands: a head alone.
  ///
  /// A fixed answer of 200 is the operator's own business, and a redirect one that no client follows.
  func replyForGRPC(_ reply: LocalReply) -> LocalReply {
    switch reply {
    case .failure(let failure):
      if let status = failure.grpcStatus { grpc.ends(status) }
      return reply
    case .response(let response) where response.status != 200:
      let status = GRPCStatus(httpStatus: response.status)
      grpc.ends(status)
      return .trailersOnly(response, status)
    case .response, .redirect, .trailersOnly: return reply
    }
  }

  /// The exchange is over: how the call ended is counted, and stands for the log and `/explain`.
  func endGRPC(_ ending: ExchangeTrace.Ending) {
    if ending == .cut, let failure { grpc.ends(failure.grpcStatus(status: failure.row.status)) }
    grpc.ends(httpStatus: status)
    guard let listener else { return }
    let series = route?.series[seriesIndex] ?? listener.unrouted
    series.recordGRPC(grpc.status)
  }
}
