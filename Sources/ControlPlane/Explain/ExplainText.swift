import DataPath
import Primitives
import Resilience
import Upstreams

/// An exchange's timeline in plain language.
enum ExplainText {
  static func text(_ trace: ExchangeTrace) -> String {
    var lines = [title(trace)]
    lines += admission(trace)
    lines += attempts(trace)
    if let fallback = trace.fallback, fallback.isAnswer { lines.append(fell(fallback)) }
    lines.append(ending(trace))
    return lines.joined(separator: "\n  ") + "\n"
  }

  /// What an empty list says.
  static let nothing = "nothing is kept: no such request failed, was tried again or was slow"

  /// The latest, one a line: when, which, what the client got, how long it took, and why it is
  /// kept.
  static func list(_ traces: [ExchangeTrace]) -> String {
    if traces.isEmpty { return nothing + "\n" }
    let width = traces.map(\.requestID.count).max() ?? 0
    return traces.map { trace in
      let padding = String(repeating: " ", count: width - trace.requestID.count)
      return "\(ExplainJSON.time(trace.beganAt))  \(trace.requestID)\(padding)  \(trace.status)  "
        + "\(SpokenTime.text(trace.duration))  \(trace.requestLine)  \(ExplainWords.why(trace))\n"
    }.joined()
  }

  private static func title(_ trace: ExchangeTrace) -> String {
    let route = trace.route.map { "via \(trace.listener)/\($0)" } ?? "on \(trace.listener)"
    let upstream = trace.upstream.map { " → \($0)" } ?? ""
    return "\(ExplainJSON.time(trace.beganAt)) request \(trace.requestID) "
      + "\(trace.requestLine) \(route)\(upstream): "
      + "\(trace.status)\(grpc(trace))\(failure(trace)) after \(SpokenTime.text(trace.duration))"
  }

  private static func grpc(_ trace: ExchangeTrace) -> String {
    trace.grpcStatus.map { " grpc-status \($0)" } ?? ""
  }

  private static func failure(_ trace: ExchangeTrace) -> String {
    guard let failure = trace.failure else { return "" }
    let detail = trace.detail.utf8CodeUnitCount > 0 ? " (\(trace.detail))" : ""
    return " \(failure.name)\(detail)"
  }

  // MARK: Admission

  private static func admission(_ trace: ExchangeTrace) -> [String] {
    var lines: [String] = []
    if trace.fault.delayNanoseconds > 0 {
      lines.append("held back \(SpokenTime.text(trace.fault.delayNanoseconds)) on purpose (fault)")
    }
    if let fallback = trace.fallback, !fallback.isAnswer { lines.append(fell(fallback)) }
    if trace.upstream != nil { lines.append(entry(trace)) }
    for (mark, name) in [
      (trace.routeBreaker, "the route"), (trace.upstreamBreaker, trace.upstream ?? "the upstream"),
    ] {
      if let line = breaker(mark, of: name) { lines.append(line) }
    }
    for policy in trace.shadows.names {
      lines.append("\(policy) would have refused it (shadow)")
    }
    if let key = trace.deniedBy { lines.append("denied by \(key)") }
    if let refusal = trace.refusedBy { lines.append(refused(refusal, trace)) }
    if trace.waited > 0 {
      lines.append("waited \(SpokenTime.text(trace.waited)) for a connection")
    }
    return lines
  }

  /// `the circuit breaker of pharmacy was open; it opened 1.2 s before, at 2026-…Z, on failure_rate:
  /// 12 of 20 calls failed (60%)`.
  private static func refused(_ refusal: BreakerRefusal, _ trace: ExchangeTrace) -> String {
    let figures = refusal.figures
    let name =
      switch refusal.scope {
      case .route: "route \(trace.listener)/\(trace.route ?? "")"
      case .upstream: trace.upstream ?? "the upstream"
      case .endpoint: "endpoint \(refusal.endpoint ?? ""), the last to open of all of them,"
      }
    let admitted = BreakerFigures.admitted(figures).map { ", \($0)" } ?? ""
    var line = "the circuit breaker of \(name) was \(figures.state.rawValue)\(admitted)"
    if let opening = figures.opening, let before = refusal.openedBefore {
      let at = ExplainJSON.time(trace.beganAt + trace.duration - before)
      line += "; it opened \(SpokenTime.text(before)) before, at \(at), on \(opening)"
    }
    return line
  }

  private static func entry(_ trace: ExchangeTrace) -> String {
    let source = trace.isDeadlineGiven ? " given by the caller" : ""
    let deadline =
      trace.deadline.map { "deadline \(SpokenTime.text($0))\(source)" } ?? "no deadline"
    let terms = "(\(deadline), priority \(trace.priority.name))"
    let isAdmitted = !trace.attempts.isEmpty || trace.failure == nil || isPastAdmission(trace)
    guard isAdmitted, let at = trace.admittedAt else { return "not admitted \(terms)" }
    return "admitted at \(SpokenTime.offset(at)) \(terms)"
  }

  /// What failed, failed behind it.
  private static func isPastAdmission(_ trace: ExchangeTrace) -> Bool {
    guard let failure = trace.failure else { return true }
    switch failure.row.stage {
    case .admission: return trace.waited > 0 || failure == .pendingOverflow
    default: return true
    }
  }

  private static func breaker(_ mark: BreakerMark, of name: String) -> String? {
    switch mark {
    case .none, .passed: nil
    case .probe: "the circuit breaker of \(name) was half-open: this was one of its probes"
    case .wouldRefuse: "the circuit breaker of \(name) would have refused it (shadow)"
    }
  }

  private static func fell(_ fallback: ExchangeTrace.Fallback) -> String {
    let what = fallback.isAnswer ? "the route answers by itself" : "the route's fallback is asked"
    return "\(fallback.from) could not take it (\(fallback.failure.name)): "
      + "\(what), from \(SpokenTime.offset(fallback.at)) on"
  }

  // MARK: Attempts

  private static func attempts(_ trace: ExchangeTrace) -> [String] {
    var lines: [String] = []
    for (index, attempt) in trace.attempts.enumerated() {
      var number = index + 1
      if index == trace.attempts.count - 1, trace.attemptsSkipped > 0 {
        lines.append("\(trace.attemptsSkipped) more attempts, of which nothing is kept")
        number += trace.attemptsSkipped
      }
      lines.append(AttemptText.text(attempt, number))
      if let reason = attempt.retry {
        let pause =
          attempt.backoff > 0
          ? "after \(SpokenTime.text(attempt.backoff)) of back-off" : "at once"
        lines.append("retried \(pause) because of \(ExplainWords.retry(reason, attempt.ending))")
      }
    }
    if let absence = trace.hedgeAbsence {
      lines.append("no second attempt beside it: \(ExplainWords.hedge(absence))")
    }
    if let refusal = trace.retryRefusal {
      lines.append("not tried again: \(ExplainWords.refusal(refusal)) (\(refusal.rawValue))")
    }
    return lines
  }

  // MARK: End

  private static func ending(_ trace: ExchangeTrace) -> String {
    let at = SpokenTime.offset(trace.duration)
    let left = deadlineLeft(trace)
    switch trace.ending {
    case .answered:
      let head = trace.headAt.map { SpokenTime.offset($0) } ?? "-"
      return "the endpoint's answer was passed on: its head at \(head), "
        + "its end at \(at), \(trace.responseBytes) bytes\(left)"
    case .replied:
      let again = trace.retryAfterSeconds.map { ", to come again after \($0) s" } ?? ""
      return "Weir answered it by itself at \(at)\(again)\(left)"
    case .cut:
      if trace.failure?.row.status == 499 {
        return "the client left, or took no more, at \(at)\(part(trace))\(left)"
      }
      return "Weir cut the client's connection at \(at)\(part(trace))\(left)"
    }
  }

  /// How much of an answer that was cut had come from the endpoint.
  private static func part(_ trace: ExchangeTrace) -> String {
    guard trace.headAt != nil else { return "" }
    let whole = trace.responseLength.map { "\($0)" } ?? "an unknown number of"
    return ", after \(trace.responseBytes) of \(whole) bytes of the answer"
  }

  private static func deadlineLeft(_ trace: ExchangeTrace) -> String {
    guard let deadline = trace.deadline, trace.failure != nil else { return "" }
    return "; \(SpokenTime.text(deadline - trace.duration)) of its time were left"
  }
}
