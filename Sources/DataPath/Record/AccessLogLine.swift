import HTTPModel
import Primitives
import Reactor
import Resilience
import Telemetry
import Transport
import Upstreams

/// One exchange as one line of JSON; a peer's bytes are cut to a stated length and escaped.
enum AccessLogLine {
  static func write(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ code: UInt16,
    _ nanoseconds: Int64, to out: Buffer
  ) {
    let worker = exchange.worker
    var json = JSONWriter(out)
    writeTimes(worker, nanoseconds, &json, out)
    if let instance = exchange.settings?.instance, !instance.isEmpty {
      json.text("instance", instance.span)
    }
    writeAddresses(exchange, downstream, &json)
    if downstream.connection.isSecure, let secured = downstream.connection.securedPeer {
      writeSecurity(secured, &json)
    }
    writeRequest(exchange, downstream, &json, out)
    json.number("status", UInt64(code))
    if exchange.grpc.isCall { json.text("grpc_status", exchange.grpc.label) }
    json.text("failure", exchange.failure?.row.name ?? "none")
    if exchange.replyDetails.detail.utf8CodeUnitCount > 0 {
      json.text("failure_detail", exchange.replyDetails.detail)
    }
    if let listener = exchange.listener { json.text("listener", listener.settings.name) }
    if let route = exchange.route { json.text("route", route.name) }
    if let upstream = exchange.upstream { json.text("upstream", upstream.plan.name) }
    if let endpoint = exchange.endpoint?.text { json.text("endpoint", endpoint.span) }
    json.number("attempts", UInt64(exchange.attempts.sent))
    writePolicies(exchange, &json)
    exchange.settings?.loggedFields.writeResponse(exchange.notes.answerFields, &json)
    json.number("request_bytes", exchange.requestProgress.bodyBytes)
    json.number("response_bytes", exchange.answerProgress.bodyBytes)
    json.number("duration_us", UInt64(max(nanoseconds, 0)) / 1000)
    if let at = exchange.answerProgress.headAt {
      json.number(
        "response_head_us", UInt64(max(at.nanoseconds(since: exchange.clocks.startedAt), 0)) / 1000)
    }
    json.end()
  }

  /// When the line is written, and when `nanoseconds` before that it began.
  static func writeTimes(
    _ worker: Worker, _ nanoseconds: Int64, _ json: inout JSONWriter, _ out: Buffer
  ) {
    json.name("time")
    out.append(0x22)
    worker.timestamps.appendLogTime(worker.loop.kernel.unixNanoseconds(), to: out)
    out.append(0x22)
    json.name("start_time")
    out.append(0x22)
    worker.startTimestamps.appendLogTime(
      worker.loop.kernel.unixNanoseconds() - max(nanoseconds, 0), to: out)
    out.append(0x22)
  }

  /// Who asked, and who is connected where that is another.
  private static func writeAddresses(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ json: inout JSONWriter
  ) {
    let client = exchange.clientText(downstream)
    json.text("client", client.span)
    let connection = downstream.connection
    let port = connection.peer?.port.map { UInt64($0) }
    guard exchange.client.isKnown, exchange.client.address != connection.peer?.ip else {
      if let port { json.number("client_port", port) }
      return
    }
    let peer = connection.peerText
    json.text("peer", peer.span)
    // Nobody tells the port of the client behind it.
    if let port { json.number("peer_port", port) }
  }

  static func writeSecurity(_ secured: SecuredPeer, _ json: inout JSONWriter) {
    let (version, alpn, name) = (secured.version, secured.applicationProtocol, secured.name)
    json.text("tls_version", version.span)
    if !alpn.isEmpty { json.text("alpn", alpn.span) }
    if !name.isEmpty { json.text("peer_identity", name.span, most: 256) }
  }

  private static func writeRequest(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ json: inout JSONWriter,
    _ out: Buffer
  ) {
    guard exchange.identifiers.trace != nil else { return }
    let head = downstream.head
    let block = downstream.headBlock
    let bytes = block.readable
    let part = downstream.headPart
    if part >= .method {
      json.text("method", bytes.extracting(head.methodText.bounds), most: 32)
    }
    if part == .whole || (part == .line && !head.authority.isEmpty) {
      json.text("host", bytes.extracting(head.authority.bounds), most: 256)
    }
    if part >= .target {
      json.text("path", bytes.extracting(head.target.bounds), most: 1024)
    }
    if part >= .line { writeLine(exchange, downstream, &json, bytes) }
    json.name("request_id")
    if let accepted = exchange.identifiers.requestID.accepted {
      json.value(bytes.extracting(accepted.bounds))
    } else {
      out.append(0x22)
      exchange.identifiers.requestID.append(head: bytes, to: out)
      out.append(0x22)
    }
    if let trace = exchange.identifiers.trace {
      json.name("trace_id")
      out.append(0x22)
      trace.appendTraceID(to: out)
      out.append(0x22)
      json.name("span_id")
      out.append(0x22)
      trace.appendSpanID(to: out)
      out.append(0x22)
    }
  }

  private static func writeLine(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ json: inout JSONWriter,
    _ bytes: Span<UInt8>
  ) {
    let head = downstream.head
    json.text("protocol", downstream.protocolName)
    if head.present.contains(.userAgent),
      let agent = head.fields.first(where: { $0.id == .userAgent })
    {
      json.text("user_agent", bytes.extracting(agent.value.bounds), most: 256)
    }
    exchange.settings?.loggedFields.writeRequest(head, bytes, &json)
  }

  /// What policies did, where they did anything: a plain request's line does not grow. The names are
  /// those of `/explain`.
  private static func writePolicies(_ exchange: Exchange, _ json: inout JSONWriter) {
    let isAttemptProbe = exchange.attempt.endpoint != nil && exchange.attempt.ticket.isProbe
    if exchange.hold.ticket.isProbe || exchange.hold.routeTicket.isProbe || isAttemptProbe {
      json.text("breaker", BreakerMark.probe.rawValue)
    } else if exchange.hold.ticket.wouldRefuse || exchange.hold.routeTicket.wouldRefuse {
      json.text("breaker", BreakerMark.wouldRefuse.rawValue)
    }
    if exchange.notes.shadowBits != 0 {
      json.text("would_refuse", exchange.notes.shadows.names.joined(separator: ", "))
    }
    if exchange.notes.fault != .none { json.text("fault", FaultText.text(exchange.notes.fault)) }
    let isPanic = exchange.attempt.endpoint != nil && exchange.attempt.pick.isPanic
    guard exchange.failure != nil || exchange.trail.isUsed || isPanic else { return }
    let trail = exchange.trail
    if exchange.attempt.endpoint != nil {
      let reason = exchange.attempt.pick.reason.rawValue
      json.text("pick", isPanic ? "\(reason), panic" : reason)
    }
    if let reason = trail.attempts.last(where: { $0.retry != nil })?.retry {
      json.text("retry_reason", reason.name)
    }
    if let refusal = exchange.attempts.refusal { json.text("retry_refusal", refusal.rawValue) }
    if exchange.attempt.isHedge || trail.attempts.contains(where: \.isHedge) {
      json.text("hedge", exchange.attempt.isHedge ? "won" : "lost")
    }
    if let fallback = trail.fallback { json.text("fallback_for", fallback.failure.row.name) }
    if let allowed = exchange.allowedNanoseconds {
      let left = allowed - exchange.now.nanoseconds(since: exchange.clocks.startedAt)
      json.number("deadline_left_us", UInt64(max(left, 0)) / 1000)
    }
  }
}
