import DataPath
import Primitives
import Resilience
import Upstreams

/// What the names of logs and metrics mean, in words.
enum ExplainWords {
  /// Follows "picked because".
  static func reason(_ pick: Pick) -> String {
    let why =
      switch pick.reason {
      case .turn: "its turn had come"
      case .leastOfTwo: "it was the less loaded of two"
      case .lowerLatency: "it was the one of two that would answer sooner"
      case .random: "it was drawn at random"
      case .hash: "the request's hash leads there"
      case .hashOverloaded: "the endpoint that the request's hash leads to had too much to do"
      case .hashUnavailable: "the endpoint that the request's hash leads to was not available"
      case .onlyOne: "there was no other"
      case .lastResort: "all others had been tried, so one that is ejected or unhealthy"
      case .ownConnection: "the connection to it carries the client's login"
      case .freeConnection: "one of its connections was free and no other may be opened"
      }
    var text = why
    if pick.isElsewhere { text += ", past one that had been tried" }
    switch pick.zone {
    case .any: break
    case .local: text += ", in our zone"
    case .spill: text += ", in another zone as ours has too few"
    }
    if pick.priority > 0 { text += ", of priority \(pick.priority)" }
    if pick.isPanic { text += ", in panic: too few were healthy to look at health" }
    return text
  }

  /// Follows "not tried again:".
  static func refusal(_ refusal: RetryRefusal) -> String {
    switch refusal {
    case .notConfigured: "the route retries nothing"
    case .responseBegun: "the answer had begun"
    case .conditionUnmet: "the route does not retry this"
    case .retriedAbove: "a proxy in front of us retries already"
    case .retriedBelow: "the service has retried it already"
    case .connectionLogin: "it belongs to a login of its connection, which no other has"
    case .notSafe: "the endpoint may have acted on it, and twice is not harmless"
    case .bodyOutgrewBuffer: "the body was longer than what is kept of one"
    case .attemptsSpent: "the route's attempts were used up"
    case .breakerOpen: "the upstream's circuit breaker was open"
    case .retryAfterTooLong: "the answer asked for a longer pause than the route waits"
    case .deadline: "its time would have been up before"
    case .budgetSpent: "the upstream's retry budget was spent"
    }
  }

  /// Who ended an attempt, and how; nil: the name says it.
  static func closing(_ failure: FailureKind) -> String? {
    switch failure {
    case .nameUnresolved: "its name is not known"
    case .connectRefused: "the endpoint refused the connection"
    case .connectTimeout: "no connection in time"
    case .connectFailed: "no way to the endpoint"
    case .tlsCertificateError: "the endpoint's certificate is not that of who was asked for"
    case .tlsProtocolError: "no TLS handshake with the endpoint came to its end"
    case .tlsAlertReceived: "the endpoint refused the TLS handshake"
    case .upstreamReset: "the endpoint reset the connection"
    case .upstreamClosed: "the endpoint closed the connection without an answer"
    case .upstreamWriteStalled: "the endpoint took no more of the request, and Weir cut it"
    case .perTryTimeout: "no answer in the time of one attempt, and Weir cut it"
    case .requestTimeout, .totalTimeout: "no answer in the request's time, and Weir cut it"
    case .malformedResponse, .responseHeadTooLarge, .responseTrailersTooLarge, .upgradeFailed:
      "Weir does not pass this answer on, and cut it"
    case .streamIdleTimeout: "no byte for too long, and Weir cut it"
    case .responseIncomplete: "the endpoint closed the connection in the middle of its answer"
    case .drainTimeout: "Weir was stopped"
    default: nil
    }
  }

  /// Follows "because of".
  static func retry(_ reason: RetryReason, _ ending: AttemptTrace.Ending) -> String {
    switch (reason, ending) {
    case (.status, .answered(let status)): "status \(status)"
    case (.staleConnection, _): "a kept connection that had been closed meanwhile"
    default: reason.name
    }
  }

  /// Follows "no second attempt beside it:".
  static func hedge(_ absence: HedgeAbsence) -> String {
    switch absence {
    case .refused: "the hedge budget was spent, or no other endpoint was free"
    case .notIdempotent: "its method is not idempotent, and twice is not harmless"
    case .hasBody: "it has a body, which goes to one endpoint only"
    case .upgrade: "it asks for another protocol"
    case .tooFewSamples: "too few answers are known yet to say what is slow"
    case .endedBefore: "the first attempt ended before it was slow"
    }
  }

  /// Why the request is kept, in few words; the parts of a sentence about the request.
  static func why(_ trace: ExchangeTrace) -> String {
    let first = trace.attempts.first { $0.retry != nil }
    let retried = first.flatMap { attempt in
      attempt.retry.map { "retried after \(retry($0, attempt.ending))" }
    }
    if let fallback = trace.fallback {
      return "fallback, as \(fallback.from) could not take it (\(fallback.failure.name))"
    }
    if let failure = trace.failure {
      let detail = trace.detail.utf8CodeUnitCount > 0 ? " (\(trace.detail))" : ""
      return [failure.name + detail, retried].compactMap(\.self).joined(separator: ", ")
    }
    if trace.isGRPCFault, let status = trace.grpcStatus {
      return ["the service answered \(status)", retried].compactMap(\.self)
        .joined(separator: ", ")
    }
    if trace.status >= 500 {
      return ["the service answered \(trace.status)", retried].compactMap(\.self)
        .joined(separator: ", ")
    }
    if let retried { return retried }
    return trace.attempts.contains(where: \.isHedge) ? "hedged" : "slow"
  }
}
