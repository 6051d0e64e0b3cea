import HTTPModel
import Primitives
import Resilience
import Routing
import Telemetry
import Upstreams

/// The answers that Weir gives itself: to failures, redirects and fixed responses.
///
/// A failure's has the status of its row, `Proxy-Status` (RFC 9209) and a short body, JSON or text
/// by `Accept`. What of it a protocol adds (status line, length, whether the connection stays) its
/// stream writes.
enum LocalReply {
  case failure(FailureReply)
  case redirect(Redirect)
  case response(DirectResponse)
  /// A fixed answer as the client of a gRPC call understands it.
  case trailersOnly(DirectResponse, GRPCStatus)

  /// Room that the fields and the body take, redirects' locations apart.
  var bytesNeeded: Int {
    switch self {
    case .response(let response): response.body.count + 1024
    case .trailersOnly: 4 * 1024
    case .failure, .redirect: 1024
    }
  }

  /// Writes the fields but `Date` and the length; false: they do not fit. How long the body is, is
  /// the result of `bodyBytes`.
  func writeFields<Sink: FieldSink>(
    _ exchange: Exchange, _ downstream: DownstreamStream, to sink: Sink
  ) -> Bool {
    switch self {
    case .failure(let failure):
      Self.write(failure, exchange, downstream, sink)
      return true
    case .redirect(let redirect): return Self.write(redirect, exchange, downstream, sink)
    case .response(let response): return Self.write(response, exchange, sink)
    case .trailersOnly(let response, let status):
      return Self.write(response, status, exchange, sink)
    }
  }

  private static func write<Sink: FieldSink>(
    _ failure: FailureReply, _ exchange: Exchange, _ downstream: DownstreamStream, _ sink: Sink
  ) {
    let out = sink.out
    sink.begin("proxy-status: ")
    out.append("weir; error=")
    out.append(failure.proxyStatus)
    out.append("; details=\"")
    failure.appendReason(to: out)
    out.append("\"")
    sink.end()
    if exchange.identifiers.trace != nil {
      let block = downstream.headBlock
      sink.begin("x-request-id: ")
      exchange.identifiers.requestID.append(head: block.readable, to: out)
      sink.end()
    }
    if let status = failure.grpcStatus {
      write(status, to: sink)
      sink.begin("grpc-message: ")
      out.append("weir: ")
      failure.appendReason(to: out)
      sink.end()
    } else {
      sink.begin("content-type: ")
      out.append(failure.isText ? "text/plain; charset=utf-8" : "application/json")
      sink.end()
    }
    if failure.status == 503 || failure.status == 429 {
      sink.begin("retry-after: ")
      out.append(decimal: UInt64(exchange.replyDetails.retryAfterSeconds))
      sink.end()
    }
    if exchange.replyDetails.rateVerdict != nil { writeRateLimit(exchange, sink) }
    if exchange.attempts.begun > 1, exchange.route?.policy?.retry != nil {
      sink.begin("x-weir-retried: ")
      out.append(decimal: UInt64(exchange.attempts.begun))
      sink.end()
    }
  }

  /// What the client may know of the limit that it ran into.
  private static func writeRateLimit<Sink: FieldSink>(_ exchange: Exchange, _ sink: Sink) {
    guard let verdict = exchange.replyDetails.rateVerdict,
      let policy = exchange.replyDetails.ratePolicy
    else { return }
    let out = sink.out
    sink.begin("ratelimit-policy: ")
    RateLimitFields.putPolicy(policy, name: "weir") { out.append($0) }
    sink.end()
    sink.begin("ratelimit: ")
    RateLimitFields.putState(verdict, name: "weir") { out.append($0) }
    sink.end()
  }

  private static func write<Sink: FieldSink>(
    _ redirect: Redirect, _ exchange: Exchange, _ downstream: DownstreamStream, _ sink: Sink
  ) -> Bool {
    writeWeir(sink)
    let out = sink.out
    sink.begin("location: ")
    let input = downstream.headBlock
    let head = downstream.head
    let fits = exchange.withPath(head, input) { path in
      redirect.appendLocation(
        receivedScheme: downstream.connection.scheme, authority: input.slice(head.authority),
        path: path,
        query: input.slice(head.query), hasQuery: head.hasQuery, to: out)
    }
    guard fits, out.writableCount > 256 else { return false }
    sink.end()
    return true
  }

  private static func write<Sink: FieldSink>(
    _ response: DirectResponse, _ exchange: Exchange, _ sink: Sink
  ) -> Bool {
    writeWeir(sink)
    let out = sink.out
    if !response.body.isEmpty {
      sink.begin("content-type: ")
      out.append(text: response.contentType)
      sink.end()
    }
    guard let edits = exchange.route?.responseEdits, !edits.lines.isEmpty else { return true }
    return out.writableCount > response.body.count + edits.lines.count + 256 && sink.add(edits)
  }

  private static func writeWeir<Sink: FieldSink>(_ sink: Sink) {
    sink.begin("proxy-status: ")
    sink.out.append("weir")
    sink.end()
  }

  /// A head alone, behind which nothing comes: no length needs telling where the protocol has its own end.
  var isTrailersOnly: Bool {
    switch self {
    case .failure(let failure): failure.grpcStatus != nil
    case .trailersOnly: true
    case .redirect, .response: false
    }
  }

  // MARK: Body

  /// Nil: it has no length of its own. RFC 9110 §8.6 forbids the field with 204; with 304 it would be
  /// that of another answer.
  var bodyBytes: Int? {
    switch self {
    case .failure(let failure): return failure.bodyBytes
    case .redirect, .trailersOnly: return 0
    case .response(let response):
      return response.status == 204 || response.status == 304 ? nil : response.body.count
    }
  }

  /// The room has been made sure of; an answer to HEAD has none.
  func appendBody(to out: Buffer) {
    switch self {
    case .failure(let failure): failure.appendBody(to: out)
    case .redirect, .trailersOnly: break
    case .response(let response): out.append(response.body)
    }
  }
}
