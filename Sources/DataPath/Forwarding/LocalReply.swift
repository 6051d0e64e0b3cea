import HTTP1
import HTTPModel
import Primitives
import Reactor
import Resilience
import Routing
import Telemetry

/// The answers that Weir gives itself: to failures, redirects and fixed responses.
///
/// A failure's has the status of its row, `Proxy-Status` (RFC 9209) and a short body, JSON or text
/// by `Accept`. False: it does not fit.
enum LocalReply {
  static func append(
    _ kind: FailureKind, _ detail: StaticString, for exchange: Exchange, to out: Buffer
  ) -> Bool {
    let row = kind.row
    let wantsText = prefersText(exchange)
    guard out.writableCount > 1024 else { return false }
    beginHead(exchange.status, exchange, out)
    out.append("proxy-status: weir; error=")
    out.append(row.proxyStatus)
    out.append("; details=\"")
    appendReason(row.name, detail, out)
    out.append("\"\r\n")
    appendRequestID(exchange, out)
    out.append(
      wantsText
        ? "content-type: text/plain; charset=utf-8\r\n" : "content-type: application/json\r\n")
    if exchange.status == 503 || exchange.status == 429 {
      out.append("retry-after: ")
      out.append(decimal: UInt64(exchange.replyDetails.retryAfterSeconds))
      out.append("\r\n")
    }
    if exchange.replyDetails.rateVerdict != nil { appendRateLimit(exchange, out) }
    if exchange.history.begun > 1, exchange.route?.policy?.retry != nil {
      out.append("x-weir-retried: ")
      out.append(decimal: UInt64(exchange.history.begun))
      out.append("\r\n")
    }
    let opening: StaticString = wantsText ? "weir: " : "{\"error\":\""
    let closing: StaticString = wantsText ? "\n" : "\",\"by\":\"weir\"}\n"
    let reasonCount =
      row.name.utf8CodeUnitCount
      + (detail.utf8CodeUnitCount > 0 ? detail.utf8CodeUnitCount + 2 : 0)
    endHead(
      opening.utf8CodeUnitCount + reasonCount + closing.utf8CodeUnitCount, exchange, out)
    guard !(exchange.headPart >= .method && exchange.head.method == .head) else { return true }
    out.append(opening)
    appendReason(row.name, detail, out)
    out.append(closing)
    return true
  }

  static func append(_ redirect: Redirect, for exchange: Exchange, to out: Buffer) -> Bool {
    guard let input = exchange.downstream?.input, out.writableCount > 1024 else { return false }
    exchange.status = redirect.status
    beginHead(redirect.status, exchange, out)
    out.append("proxy-status: weir\r\nlocation: ")
    let head = exchange.head
    let fits = exchange.withPath(input) { path in
      redirect.appendLocation(
        receivedScheme: "http", authority: input.slice(head.authority), path: path,
        query: input.slice(head.query), hasQuery: head.hasQuery, to: out)
    }
    guard fits, out.writableCount > 256 else { return false }
    out.append("\r\n")
    endHead(0, exchange, out)
    return true
  }

  static func append(_ response: DirectResponse, for exchange: Exchange, to out: Buffer) -> Bool {
    exchange.status = response.status
    guard out.writableCount > response.body.count + 1024 else { return false }
    beginHead(response.status, exchange, out)
    out.append("proxy-status: weir\r\n")
    if !response.body.isEmpty {
      out.append("content-type: ")
      out.append(text: response.contentType)
      out.append("\r\n")
    }
    let lines = exchange.route?.responseEdits.lines ?? []
    guard out.writableCount > response.body.count + lines.count + 256 else { return false }
    out.append(lines)
    // RFC 9110 §8.6 forbids the length with 204; with 304 it would be that of another answer.
    let hasLength = response.status != 204 && response.status != 304
    endHead(hasLength ? response.body.count : nil, exchange, out)
    if exchange.head.method != .head { out.append(response.body) }
    return true
  }

  /// What the client may know of the limit that it ran into.
  private static func appendRateLimit(_ exchange: Exchange, _ out: Buffer) {
    guard let verdict = exchange.replyDetails.rateVerdict,
      let policy = exchange.replyDetails.ratePolicy
    else { return }
    out.append("ratelimit-policy: ")
    RateLimitFields.putPolicy(policy, name: "weir") { out.append($0) }
    out.append("\r\nratelimit: ")
    RateLimitFields.putState(verdict, name: "weir") { out.append($0) }
    out.append("\r\n")
  }

  /// For a connection that is refused before any request.
  static func appendRefusal(_ kind: FailureKind, to out: Buffer) {
    out.append("HTTP/1.1 ")
    out.append(decimal: UInt64(kind.row.status))
    out.append(" ")
    out.append(reason(kind.row.status))
    out.append("\r\nproxy-status: weir; error=")
    out.append(kind.row.proxyStatus)
    out.append("; details=\"")
    out.append(kind.row.name)
    out.append("\"\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
  }

  /// What the access log and `/explain` know the request by.
  private static func appendRequestID(_ exchange: Exchange, _ out: Buffer) {
    guard exchange.identifiers.trace != nil, let input = exchange.downstream?.input else { return }
    out.append("x-request-id: ")
    exchange.identifiers.requestID.append(head: input.readable, to: out)
    out.append("\r\n")
  }

  private static func appendReason(_ name: StaticString, _ detail: StaticString, _ out: Buffer) {
    out.append(name)
    if detail.utf8CodeUnitCount > 0 {
      out.append(": ")
      out.append(detail)
    }
  }

  private static func beginHead(_ status: UInt16, _ exchange: Exchange, _ out: Buffer) {
    let worker = exchange.worker
    out.append("HTTP/1.1 ")
    out.append(decimal: UInt64(status))
    out.append(" ")
    out.append(reason(status))
    out.append("\r\ndate: ")
    worker.timestamps.appendHTTPDate(worker.loop.kernel.unixNanoseconds(), to: out)
    out.append("\r\n")
  }

  private static func endHead(_ length: Int?, _ exchange: Exchange, _ out: Buffer) {
    if let length {
      out.append("content-length: ")
      out.append(decimal: UInt64(length))
      out.append("\r\n")
    }
    if !exchange.keepsDownstreamOpen {
      out.append("connection: close\r\n")
    } else if exchange.head.minorVersion == 0 {
      out.append("connection: keep-alive\r\n")
    }
    out.append("\r\n")
  }

  /// Text only for who asks for it and not for JSON: a service's client reads JSON.
  private static func prefersText(_ exchange: Exchange) -> Bool {
    guard exchange.headPart >= .line, exchange.head.present.contains(.accept),
      let input = exchange.downstream?.input,
      let field = exchange.head.fields.first(where: { $0.id == .accept })
    else { return false }
    let value = input.slice(field.value)
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

  /// The phrases of RFC 9110 §15; a status without one has an empty phrase, which is allowed.
  private static func reason(_ status: UInt16) -> StaticString {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 408: "Request Timeout"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}
