import Primitives
import Resilience
import Upstreams

/// One attempt of an exchange, as `/explain` tells it. Times are nanoseconds since the request's
/// first byte.
///
/// Made when an attempt has ended and something is to be told of it; while it runs, `Attempt` holds
/// the facts. Size: 152 bytes.
package struct AttemptTrace: Sendable, Equatable {
  package enum Ending: Sendable, Equatable {
    case answered(status: UInt16)
    case failed(FailureKind)
    /// Cut for another attempt's sake, or because the client had left.
    case abandoned
  }

  /// `127.0.0.1:9001`.
  package var endpoint: String
  package var pick: Pick
  package var breaker: BreakerMark
  package var isHedge: Bool
  /// When its connection was asked for.
  package var askedAt: Int64
  /// When its request was put on the connection; nil: there was none in time.
  package var sentAt: Int64?
  /// When the head of the answer was there.
  package var headAt: Int64?
  package var endedAt: Int64
  /// Nil: the connection was opened for this attempt.
  package var connectionAge: Int64?
  /// The connection's requests, this one included.
  package var requestNumber: UInt64
  package var ending: Ending
  /// Why another attempt followed; nil: none did, or it was a hedge.
  package var retry: RetryReason?
  /// What was waited before that one.
  package var backoff: Int64

  package init(
    endpoint: String, pick: Pick, breaker: BreakerMark = .none, isHedge: Bool = false,
    askedAt: Int64, sentAt: Int64? = nil, headAt: Int64? = nil, endedAt: Int64,
    connectionAge: Int64? = nil, requestNumber: UInt64 = 0, ending: Ending,
    retry: RetryReason? = nil, backoff: Int64 = 0
  ) {
    self.endpoint = endpoint
    self.pick = pick
    self.breaker = breaker
    self.isHedge = isHedge
    self.askedAt = askedAt
    self.sentAt = sentAt
    self.headAt = headAt
    self.endedAt = endedAt
    self.connectionAge = connectionAge
    self.requestNumber = requestNumber
    self.ending = ending
    self.retry = retry
    self.backoff = backoff
  }

  /// Nil: no endpoint was picked.
  init?(_ attempt: Attempt, _ ending: Ending, since start: Instant, _ now: Instant) {
    guard let endpoint = attempt.endpoint else { return nil }
    let isSent = attempt.sentAt.nanoseconds != 0
    self.init(
      endpoint: endpoint.state.identity, pick: attempt.pick,
      breaker: endpoint.state.breaker == nil ? .none : BreakerMark(attempt.ticket),
      isHedge: attempt.isHedge, askedAt: attempt.startedAt.nanoseconds(since: start),
      sentAt: isSent ? attempt.sentAt.nanoseconds(since: start) : nil,
      endedAt: now.nanoseconds(since: start),
      connectionAge: isSent && attempt.isReused
        ? attempt.sentAt.nanoseconds(since: attempt.openedAt) : nil,
      requestNumber: attempt.requestNumber, ending: ending)
    if case .answered = ending {
      headAt = attempt.nanoseconds.map { attempt.timedFrom.nanoseconds(since: start) + $0 }
    }
  }
}
