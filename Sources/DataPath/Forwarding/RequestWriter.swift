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
      .xForwardedFor, .xForwardedProto, .xForwardedHost, .forwarded, .xRequestID,
      .xEnvoyExpectedTimeout, .xEnvoyAttemptCount,
    ]))

  static func write(
    _ exchange: Exchange, _ route: Route, _ downstream: DownstreamConnection,
    _ endpoint: WorkerEndpoint, to out: Buffer
  ) -> Bool {
    guard let trace = exchange.identifiers.trace, let settings = exchange.settings else {
      return false
    }
    let input = downstream.input
    let bytes = input.readable
    let edits = route.requestEdits
    let omitted = edits.omitted
    var dropped = always.union(omitted)
    // A state without a context that it belongs to is dropped (W3C §3.3.1).
    if !exchange.identifiers.continuesTraceparent { dropped.insert(.tracestate) }
    let copiesHost = copiesHost(exchange.head, edits)
    if !copiesHost { dropped.insert(.host) }
    let forwards = MaxForwards.count(exchange.head, bytes)
    if forwards != nil { dropped.insert(.maxForwards) }
    // A stranger's is gone already; it gets ours, where there is one for the whole of a call.
    let shrinksTimeout =
      exchange.head.present.contains(.grpcTimeout)
      || (exchange.client.lostTimeout && exchange.clocks.totalDeadline != .distantFuture)
    if shrinksTimeout { dropped.insert(.grpcTimeout) }
    // Drops the priority header of untrusted clients.
    var others = edits.others
    if !exchange.client.isTrusted {
      settings.priorityField.omit(from: exchange.head, bytes, &dropped, &others)
    }
    return writeLine(exchange, route, input, out)
      && (copiesHost || writeHost(exchange, edits, endpoint, bytes, out))
      && HeadEncoder.copyFields(
        exchange.head.fields, of: bytes, omitting: dropped, others: others,
        nominatesOthers: exchange.head.nominatesOthers, to: out)
      && writeFraming(exchange, bytes, out)
      && ForwardedFields.write(exchange, downstream, omitted, bytes, to: out)
      && writeIdentity(exchange, settings, trace, bytes, out)
      && (forwards == nil || writeForwards(forwards, exchange.head, bytes, out))
      && writeBudget(exchange, shrinksTimeout, bytes, out)
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

  /// Whether the client's own `Host` line says what is to be said, and may be copied with the rest.
  @inline(__always)
  private static func copiesHost(_ head: RequestHead, _ edits: HeaderEdits) -> Bool {
    // A pattern, since the inherited comparison is generic.
    switch head.targetForm {
    case .absolute: return false
    // OPTIONS of a host without a path: its authority is that of the target.
    case .asterisk where head.path.isEmpty: return false
    default: break
    }
    return head.present.contains(.host) && !head.nominatesOthers && edits.host == nil
  }

  private static func writeHost(
    _ exchange: Exchange, _ edits: HeaderEdits, _ endpoint: WorkerEndpoint, _ bytes: Span<UInt8>,
    _ out: Buffer
  ) -> Bool {
    let head = exchange.head
    guard out.writableCount >= 6 else { return false }
    FieldLine.begin(.host, "host: ", head, bytes, out)
    if let host = edits.host { return appendEnd(host.span, out) }
    // HTTP/1.0 without Host: the endpoint is what is known. An empty one is passed on as it is.
    if head.authority.isEmpty, !head.present.contains(.host) {
      let text = endpoint.text
      return appendEnd(text.span, out)
    }
    return appendEnd(bytes.extracting(head.authority.bounds), out)
  }

  private static func appendEnd(_ value: Span<UInt8>, _ out: Buffer) -> Bool {
    guard value.count + 2 <= out.writableCount else { return false }
    out.append(value)
    out.append("\r\n")
    return true
  }

  private static func writeFraming(
    _ exchange: Exchange, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 128 else { return false }
    let head = exchange.head
    switch head.framing {
    case .length(let length):
      out.append(bytes.extracting(head.framingName.bounds))
      out.append(": ")
      out.append(decimal: length)
      out.append("\r\n")
    case .chunked:
      out.append(bytes.extracting(head.framingName.bounds))
      out.append(": chunked\r\n")
    case .none, .untilClose: break
    }
    if exchange.isUpgradeRequested(bytes) { return writeUpgrade(head, bytes, out) }
    if head.acceptsTrailers {
      FieldLine.begin(.te, "te: ", head, bytes, out)
      out.append("trailers\r\n")
      FieldLine.begin(.connection, "connection: ", head, bytes, out)
      out.append("te\r\n")
    }
    return true
  }

  private static func writeUpgrade(
    _ head: RequestHead, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    FieldLine.begin(.connection, "connection: ", head, bytes, out)
    out.append("upgrade\r\n")
    for field in head.fields where field.id == .upgrade {
      let name = bytes.extracting(field.name.bounds)
      let value = bytes.extracting(field.value.bounds)
      guard HeadEncoder.appendField(name: name, value: value, to: out) else { return false }
    }
    return true
  }

  private static func writeIdentity(
    _ exchange: Exchange, _ settings: ProxySettings, _ trace: TraceContext, _ bytes: Span<UInt8>,
    _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 512 else { return false }
    let head = exchange.head
    FieldLine.begin(.xRequestID, "x-request-id: ", head, bytes, out)
    exchange.identifiers.requestID.append(head: bytes, to: out)
    out.append("\r\n")
    if settings.emitsW3C {
      FieldLine.begin(.traceparent, "traceparent: ", head, bytes, out)
      trace.appendTraceparent(to: out)
      out.append("\r\n")
    }
    if settings.emitsB3 {
      FieldLine.begin(.b3, "b3: ", head, bytes, out)
      trace.appendB3(to: out)
      out.append("\r\n")
    }
    if settings.addsVia {
      out.append(head.minorVersion == 1 ? "via: 1.1 weir\r\n" : "via: 1.0 weir\r\n")
    }
    return true
  }

  /// What is left of the request's time, and which attempt this is.
  private static func writeBudget(
    _ exchange: Exchange, _ shrinksTimeout: Bool, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    guard out.writableCount >= 128 else { return false }
    let head = exchange.head
    if let left = exchange.remainingNanoseconds {
      FieldLine.begin(.xEnvoyExpectedTimeout, "x-envoy-expected-rq-timeout-ms: ", head, bytes, out)
      out.append(decimal: DeadlineText.milliseconds(left))
      out.append("\r\n")
      if shrinksTimeout {
        FieldLine.begin(.grpcTimeout, "grpc-timeout: ", head, bytes, out)
        // This is the time for the whole call, the other that for the answer's head.
        let whole = min(exchange.clocks.clientDeadline, exchange.clocks.totalDeadline)
        let wholeLeft = whole == .distantFuture ? left : whole.nanoseconds(since: exchange.now)
        DeadlineText.putGRPC(max(wholeLeft, 1)) { out.append($0) }
        out.append("\r\n")
      }
    }
    let attempt = max(exchange.history.begun, exchange.history.above)
    if attempt > 1 || exchange.route?.policy?.retry != nil {
      FieldLine.begin(.xEnvoyAttemptCount, "x-envoy-attempt-count: ", head, bytes, out)
      out.append(decimal: UInt64(attempt))
      out.append("\r\n")
    }
    return true
  }

  private static func writeForwards(
    _ count: UInt64?, _ head: RequestHead, _ bytes: Span<UInt8>, _ out: Buffer
  ) -> Bool {
    guard let count else { return true }
    guard out.writableCount >= 64 else { return false }
    FieldLine.begin(.maxForwards, "max-forwards: ", head, bytes, out)
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
