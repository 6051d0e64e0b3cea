import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Upstreams

/// Which fields of a request go on to the endpoint, and which are put in.
///
/// Decided from the head and written by the endpoint's stream, with what its protocol adds between
/// `copy` and `add`. Cost: one copy of the fields. False: it does not fit the buffer.
struct RequestFields {
  private static let always = FieldSet.hopByHop.union(TraceFields.names).union(
    FieldSet([
      .xForwardedFor, .xForwardedProto, .xForwardedHost, .forwarded, .xRequestID,
      .xEnvoyExpectedTimeout, .xEnvoyAttemptCount,
    ]))

  private var dropped: FieldSet
  /// Other names that are left out; nil: those of the route.
  private var others: [[UInt8]]?
  /// What `Max-Forwards` says, where it counts.
  private let forwards: UInt64?
  private let shrinksTimeout: Bool
  /// Whether the client's own `Host` line says what is to be said, and may be copied with the rest.
  let copiesHost: Bool

  /// Call with the settings that the exchange began with; `bytes`: its head's. `copiesHost`: the protocol
  /// says the host by a field, which may be the client's own.
  init(
    _ exchange: Exchange, _ head: RequestHead, _ edits: HeaderEdits, _ settings: ProxySettings,
    _ bytes: Span<UInt8>, copiesHost mayCopy: Bool = true
  ) {
    var dropped = Self.always.union(edits.omitted)
    // A state without a context that it belongs to is dropped (W3C §3.3.1).
    if !exchange.identifiers.continuesTraceparent { dropped.insert(.tracestate) }
    copiesHost = mayCopy && Self.copiesHost(head, edits)
    if !copiesHost { dropped.insert(.host) }
    forwards = MaxForwards.count(head, bytes)
    if forwards != nil { dropped.insert(.maxForwards) }
    // A stranger's is gone already; it gets ours, where there is one for the whole of a call.
    shrinksTimeout =
      head.present.contains(.grpcTimeout)
      || (exchange.client.lostTimeout && exchange.clocks.totalDeadline != .distantFuture)
    if shrinksTimeout { dropped.insert(.grpcTimeout) }
    // Drops the priority header of untrusted clients.
    if !exchange.client.isTrusted, settings.priorityField.first(in: head, bytes) != nil {
      var others = edits.others
      settings.priorityField.omit(&dropped, &others)
      self.others = others
    }
    self.dropped = dropped
  }

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

  /// The client's fields that go on.
  @inline(__always)
  func copy<Sink: FieldSink>(
    _ head: RequestHead, _ edits: HeaderEdits, _ bytes: Span<UInt8>, to sink: Sink
  ) -> Bool {
    sink.copy(
      head.fields, of: bytes, omitting: dropped, others: others ?? edits.others,
      nominatesOthers: head.nominatesOthers)
  }

  /// Gives `body` the host that the endpoint is told.
  func withHost(
    _ head: RequestHead, _ edits: HeaderEdits, _ endpoint: WorkerEndpoint, _ bytes: Span<UInt8>,
    _ body: (Span<UInt8>) -> Bool
  ) -> Bool {
    if let host = edits.host { return body(host.span) }
    // HTTP/1.0 without Host: the endpoint is what is known. An empty one is passed on as it is.
    if head.authority.isEmpty, !head.present.contains(.host) {
      let text = endpoint.text
      return body(text.span)
    }
    return body(bytes.extracting(head.authority.bounds))
  }

  /// What Weir and the route put in, behind the client's own.
  @inline(__always)
  func add<Sink: FieldSink>(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ edits: HeaderEdits,
    _ settings: ProxySettings, _ bytes: Span<UInt8>, to sink: Sink
  ) -> Bool {
    let head = downstream.head
    return ForwardedFields.write(exchange, downstream, edits.omitted, bytes, to: sink)
      && addIdentity(exchange, downstream, settings, bytes, sink)
      && (forwards == nil || addForwards(head, bytes, sink))
      && addBudget(exchange, head, bytes, sink)
      && sink.add(edits)
  }

  private func addIdentity<Sink: FieldSink>(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ settings: ProxySettings,
    _ bytes: Span<UInt8>, _ sink: Sink
  ) -> Bool {
    let head = downstream.head
    guard let trace = exchange.identifiers.trace, sink.out.writableCount >= 512 else {
      return false
    }
    let out = sink.out
    sink.begin(.xRequestID, "x-request-id: ", head, bytes)
    exchange.identifiers.requestID.append(head: bytes, to: out)
    sink.end()
    if settings.emitsW3C {
      sink.begin(.traceparent, "traceparent: ", head, bytes)
      trace.appendTraceparent(to: out)
      sink.end()
    }
    if settings.emitsB3 {
      sink.begin(.b3, "b3: ", head, bytes)
      trace.appendB3(to: out)
      sink.end()
    }
    if settings.addsVia {
      sink.begin("via: ")
      out.append(downstream.protocolVersion)
      out.append(" weir")
      sink.end()
    }
    return true
  }

  /// What is left of the request's time, and which attempt this is.
  private func addBudget<Sink: FieldSink>(
    _ exchange: Exchange, _ head: RequestHead, _ bytes: Span<UInt8>, _ sink: Sink
  ) -> Bool {
    let out = sink.out
    guard out.writableCount >= 128 else { return false }
    if let left = exchange.remainingNanoseconds {
      sink.begin(.xEnvoyExpectedTimeout, "x-envoy-expected-rq-timeout-ms: ", head, bytes)
      out.append(decimal: DeadlineText.milliseconds(left))
      sink.end()
      if shrinksTimeout {
        sink.begin(.grpcTimeout, "grpc-timeout: ", head, bytes)
        // This is the time for the whole call, the other that for the answer's head.
        let whole = min(exchange.clocks.clientDeadline, exchange.clocks.totalDeadline)
        let wholeLeft = whole == .distantFuture ? left : whole.nanoseconds(since: exchange.now)
        DeadlineText.putGRPC(max(wholeLeft, 1)) { out.append($0) }
        sink.end()
      }
    }
    let attempt = max(exchange.attempts.begun, exchange.attempts.above)
    if attempt > 1 || exchange.route?.policy?.retry != nil {
      sink.begin(.xEnvoyAttemptCount, "x-envoy-attempt-count: ", head, bytes)
      out.append(decimal: UInt64(attempt))
      sink.end()
    }
    return true
  }

  private func addForwards<Sink: FieldSink>(
    _ head: RequestHead, _ bytes: Span<UInt8>, _ sink: Sink
  ) -> Bool {
    guard let forwards else { return true }
    guard sink.out.writableCount >= 64 else { return false }
    sink.begin(.maxForwards, "max-forwards: ", head, bytes)
    sink.out.append(decimal: max(forwards, 1) - 1)
    sink.end()
    return true
  }
}
