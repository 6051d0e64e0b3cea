import DataPath
import Primitives
import ProxyConfiguration
import Resilience
import Telemetry
import Upstreams

/// An exchange's timeline for programs, under the names of the access log. Times are microseconds
/// since the request's first byte; what does not apply is left out.
enum ExplainJSON {
  static func json(_ trace: ExchangeTrace) -> JSONValue {
    .object(summary(trace) + policies(trace) + [("attempts", .list(trace.attempts.map(attempt)))])
  }

  /// One of a list, on a line of its own.
  static func summaryLine(_ trace: ExchangeTrace) -> String {
    JSONValue.object(summary(trace)).text
  }

  static func list(_ traces: [ExchangeTrace]) -> JSONValue {
    .list(traces.map { .object(summary($0)) })
  }

  private static func summary(_ trace: ExchangeTrace) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      ("request_id", .text(trace.requestID)), ("time", .text(time(trace.beganAt))),
      ("client", .text(trace.client)), ("method", .text(trace.method)),
      ("path", .text(trace.target)), ("status", .number(Int(trace.status))),
      ("failure", .text(trace.failure?.name ?? "none")),
    ]
    if let status = trace.grpcStatus { members.append(("grpc_status", .text("\(status)"))) }
    if trace.detail.utf8CodeUnitCount > 0 {
      members.append(("failure_detail", .text("\(trace.detail)")))
    }
    members.append(("why", .text(ExplainWords.why(trace))))
    members.append(("listener", .text(trace.listener)))
    if let route = trace.route { members.append(("route", .text(route))) }
    if let upstream = trace.upstream { members.append(("upstream", .text(upstream))) }
    members.append(("duration_us", microseconds(trace.duration)))
    if let head = trace.headAt { members.append(("response_head_us", microseconds(head))) }
    return members
  }

  private static func policies(_ trace: ExchangeTrace) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      ("ending", .text("\(trace.ending)")),
      ("request_bytes", .number(Int(clamping: trace.requestBytes))),
      ("response_bytes", .number(Int(clamping: trace.responseBytes))),
    ]
    if let length = trace.responseLength {
      members.append(("response_length", .number(Int(clamping: length))))
    }
    if let admitted = trace.admittedAt { members.append(("admitted_us", microseconds(admitted))) }
    if let deadline = trace.deadline {
      members.append(("deadline_us", microseconds(deadline)))
      members.append(("deadline_left_us", microseconds(max(deadline - trace.duration, 0))))
    }
    if trace.upstream != nil { members.append(("priority", .text(trace.priority.name))) }
    if trace.fault != .none { members.append(("fault", .text(FaultText.text(trace.fault)))) }
    for (name, mark) in [
      ("route_breaker", trace.routeBreaker), ("breaker", trace.upstreamBreaker),
    ] where mark != .none {
      members.append((name, .text(mark.rawValue)))
    }
    if !trace.shadows.isEmpty {
      members.append(("would_refuse", .list(trace.shadows.names.map { .text($0) })))
    }
    if let key = trace.deniedBy { members.append(("denied_by", .text(key))) }
    if let seconds = trace.retryAfterSeconds {
      members.append(("retry_after_seconds", .number(seconds)))
    }
    if let refusal = trace.refusedBy {
      let figures = refusal.figures
      members.append(("breaker_scope", .text(refusal.scope.rawValue)))
      if let endpoint = refusal.endpoint { members.append(("breaker_endpoint", .text(endpoint))) }
      members.append(("breaker_state", .text(figures.state.rawValue)))
      members.append(
        (
          "breaker_admitted",
          .text(Scalars.text(basisPoints: Int(figures.admittedShare.basisPoints)))
        ))
      if let opening = figures.opening, let before = refusal.openedBefore {
        members.append(
          (
            "breaker_opened",
            BreakerFigures.json(opening, at: trace.beganAt + trace.duration - before)
          ))
      }
    }
    if trace.waited > 0 { members.append(("waited_us", microseconds(trace.waited))) }
    if let fallback = trace.fallback {
      members.append(("fallback_for", .text(fallback.failure.name)))
      members.append(("fallback_from", .text(fallback.from)))
    }
    if let absence = trace.hedgeAbsence { members.append(("hedge", .text(absence.rawValue))) }
    if let refusal = trace.retryRefusal {
      members.append(("retry_refusal", .text(refusal.rawValue)))
    }
    if trace.attemptsSkipped > 0 {
      members.append(("attempts_skipped", .number(trace.attemptsSkipped)))
    }
    return members
  }

  private static func attempt(_ attempt: AttemptTrace) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("endpoint", .text(attempt.endpoint)), ("pick", .text(attempt.pick.reason.rawValue)),
      ("zone", .text(attempt.pick.zone.rawValue)),
      ("priority", .number(Int(attempt.pick.priority))),
      ("panic", .boolean(attempt.pick.isPanic)), ("elsewhere", .boolean(attempt.pick.isElsewhere)),
      ("hedge", .boolean(attempt.isHedge)), ("breaker", .text(attempt.breaker.rawValue)),
      ("asked_us", microseconds(attempt.askedAt)),
    ]
    if let sent = attempt.sentAt {
      members.append(("sent_us", microseconds(sent)))
      members.append(("reused", .boolean(attempt.connectionAge != nil)))
      members.append(("connection_request", .number(Int(clamping: attempt.requestNumber))))
    }
    if let age = attempt.connectionAge {
      members.append(("connection_age_us", microseconds(age)))
    }
    if let head = attempt.headAt { members.append(("head_us", microseconds(head))) }
    members.append(("ended_us", microseconds(attempt.endedAt)))
    switch attempt.ending {
    case .answered(let status): members.append(("status", .number(Int(status))))
    case .failed(let failure): members.append(("failure", .text(failure.name)))
    case .abandoned: members.append(("failure", .text("abandoned")))
    }
    if let reason = attempt.retry {
      members.append(("retry_reason", .text(reason.name)))
      members.append(("backoff_us", microseconds(attempt.backoff)))
    }
    return .object(members)
  }

  private static func microseconds(_ nanoseconds: Int64) -> JSONValue {
    .number(Int(nanoseconds / 1000))
  }

  static func time(_ unixNanoseconds: Int64) -> String {
    var timestamps = Timestamps()
    let out = Buffer(capacity: 64)
    timestamps.appendLogTime(unixNanoseconds, to: out)
    let bytes = out.readable
    var text = ""
    for index in bytes.indices { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    return text
  }
}
