import HTTP1
import HTTPModel
import Primitives
import Reactor
import Resilience
import Routing
import Telemetry

/// Writes the request's head for the endpoint, anew from what was understood.
///
/// Cost: one copy of the fields. False: it does not fit the buffer.
enum RequestWriter {
  private static let always = FieldSet.hopByHop.union(TraceFields.names).union(
    FieldSet([
      .host, .xForwardedFor, .xForwardedProto, .xForwardedHost, .forwarded, .xRequestID,
      .xEnvoyExpectedTimeout, .xEnvoyAttemptCount,
    ]))

  static func write(
    _ exchange: Exchange, _ route: Route, _ downstream: DownstreamConnection,
    _ endpoint: WorkerEndpoint, to out: Buffer
  ) -> Bool {
    guard let trace = exchange.trace, let settings = exchange.settings else { return false }
    let input = downstream.input
    let bytes = input.readable
    let edits = route.requestEdits
    let omitted = edits.omitted
    var dropped = always.union(omitted)
    // A state without a context that it belongs to is dropped (W3C §3.3.1).
    if !exchange.continuesTraceparent { dropped.insert(.tracestate) }
    let forwards = MaxForwards.count(exchange.head, bytes)
    if forwards != nil { dropped.insert(.maxForwards) }
    // A stranger's is gone already; it gets ours, where there is one for the whole of a call.
    let shrinksTimeout =
      exchange.head.present.contains(.grpcTimeout)
      && (exchange.isTrusted || exchange.totalDeadline != .distantFuture)
    if shrinksTimeout { dropped.insert(.grpcTimeout) }
    // A class that nobody vouches for is none.
    var others = edits.others
    if !exchange.isTrusted {
      settings.priorityField.omit(from: exchange.head, bytes, &dropped, &others)
    }
    return writeLine(exchange, route, input, out)
      && writeHost(exchange, edits, endpoint, bytes, out)
      && HeadEncoder.copyFields(
        exchange.head.fields, of: bytes, omitting: dropped, others: others,
        nominatesOthers: exchange.head.nominatesOthers, to: out)
      && writeFraming(exchange, bytes, out)
      && ForwardedFields.write(exchange, downstream, omitted, bytes, to: out)
      && writeIdentity(exchange, settings, trace, bytes, out)
      && writeForwards(forwards, out)
      && writeBudget(exchange, shrinksTimeout, out)
      && appendLines(edits.lines, out)
      && HeadEncoder.append("\r\n", to: out)
  }

  private static func writeLine(
    _ exchange: Exchange, _ route: Route, _ input: Buffer, _ out: Buffer
  ) -> Bool {
    let method = input.slice(exchange.head.methodText)
    let query = input.slice(exchange.head.query)
    return exchange.withPath(input) { path in
      guard let rewrite = route.rewrite, exchange.head.targetForm != .asterisk else {
        return HeadEncoder.appendRequestLine(
          method: method, path: path, query: query, hasQuery: exchange.head.hasQuery, to: out)
      }
      guard method.count + query.count + 16 <= out.writableCount else { return false }
      out.append(method)
      out.append(0x20)
      guard rewrite.apply(to: path, into: out), query.count + 12 <= out.writableCount else {
        return false
      }
      if exchange.head.hasQuery {
        out.append(0x3F)
        out.append(query)
      }
      out.append(" HTTP/1.1\r\n")
      return true
    }
  }

  private static func writeHost(
    _ exchange: Exchange, _ edits: HeaderEdits, _ endpoint: WorkerEndpoint, _ bytes: Span<UInt8>,
    _ out: Buffer
  ) -> Bool {
    if let host = edits.host {
      return HeadEncoder.appendField("host", value: host.span, to: out)
    }
    let authority = exchange.head.authority
    // HTTP/1.0 without Host: the endpoint is what is known. An empty one is passed on as it is.
    if authority.isEmpty, !exchange.head.present.contains(.host) {
      let text = endpoint.text
      return HeadEncoder.appendField("host", value: text.span, to: out)
    }
    return HeadEncoder.appendField("host", value: bytes.extracting(authority.bounds), to: out)
  }

  private static func writeFraming(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 128 else { return false }
    switch exchange.head.framing {
    case .length(let length):
      out.append("content-length: ")
      out.append(decimal: length)
      out.append("\r\n")
    case .chunked: out.append("transfer-encoding: chunked\r\n")
    case .none, .untilClose: break
    }
    if exchange.isUpgradeRequested(bytes) {
      out.append("connection: upgrade\r\n")
      for field in exchange.head.fields where field.id == .upgrade {
        let value = bytes.extracting(field.value.bounds)
        guard HeadEncoder.appendField("upgrade", value: value, to: out) else { return false }
      }
    } else if exchange.head.acceptsTrailers {
      out.append("te: trailers\r\nconnection: te\r\n")
    }
    return true
  }

  private static func writeIdentity(
    _ exchange: Exchange, _ settings: ProxySettings, _ trace: TraceContext, _ bytes: Span<UInt8>,
    _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 512 else { return false }
    out.append("x-request-id: ")
    exchange.requestID.append(head: bytes, to: out)
    out.append("\r\n")
    if settings.emitsW3C {
      out.append("traceparent: ")
      trace.appendTraceparent(to: out)
      out.append("\r\n")
    }
    if settings.emitsB3 {
      out.append("b3: ")
      trace.appendB3(to: out)
      out.append("\r\n")
    }
    if settings.addsVia {
      out.append(exchange.head.minorVersion == 1 ? "via: 1.1 weir\r\n" : "via: 1.0 weir\r\n")
    }
    return true
  }

  /// What is left of the request's time, and which attempt this is.
  private static func writeBudget(
    _ exchange: Exchange, _ shrinksTimeout: Bool, _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 128 else { return false }
    if let left = exchange.remainingNanoseconds {
      out.append("x-envoy-expected-rq-timeout-ms: ")
      out.append(decimal: DeadlineText.milliseconds(left))
      out.append("\r\n")
      if shrinksTimeout {
        out.append("grpc-timeout: ")
        // Of the whole call, where the other is that of the answer's head.
        let whole = min(exchange.clientDeadline, exchange.totalDeadline)
        let wholeLeft = whole == .distantFuture ? left : whole.nanoseconds(since: exchange.now)
        DeadlineText.putGRPC(max(wholeLeft, 1)) { out.append($0) }
        out.append("\r\n")
      }
    }
    let attempt = max(exchange.tries, exchange.attemptAbove)
    if attempt > 1 || exchange.route?.policy?.retry != nil {
      out.append("x-envoy-attempt-count: ")
      out.append(decimal: UInt64(attempt))
      out.append("\r\n")
    }
    return true
  }

  private static func writeForwards(_ count: UInt64?, _ out: Buffer) -> Bool {
    guard let count else { return true }
    guard out.writableCount >= 64 else { return false }
    out.append("max-forwards: ")
    out.append(decimal: max(count, 1) - 1)
    out.append("\r\n")
    return true
  }

  private static func appendLines(_ lines: [UInt8], _ out: Buffer) -> Bool {
    guard lines.count <= out.writableCount else { return false }
    out.append(lines)
    return true
  }
}
