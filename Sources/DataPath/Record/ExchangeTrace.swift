import Primitives
import Resilience
import Upstreams

/// An exchange from its first byte to its end, as `/explain` tells it. Times are nanoseconds since
/// the request's first byte.
///
/// A copy, apart from the exchange: any thread may read it. A client's bytes are cut to the lengths
/// of `ExplainRing`. Size: 400 bytes and 152 an attempt.
package struct ExchangeTrace: Sendable {
  /// The upstream could not take it, and the route had something else to offer.
  package struct Fallback: Sendable, Equatable {
    package var from: String
    package var failure: FailureKind
    package var at: Int64
    /// The route's own answer; else another upstream.
    package var isAnswer: Bool

    package init(from: String, failure: FailureKind, at: Int64, isAnswer: Bool) {
      self.from = from
      self.failure = failure
      self.at = at
      self.isAnswer = isAnswer
    }
  }

  /// How the client's part of it ended.
  package enum Ending: Sendable, Equatable {
    /// The endpoint's answer, whole.
    case answered
    /// An answer of Weir's own.
    case replied
    /// The client was cut off, or had left.
    case cut
  }

  package var requestID = ""
  package var method = ""
  package var target = ""
  package var client = ""
  package var listener = ""
  /// Nil: none took the request.
  package var route: String?
  package var upstream: String?
  /// Since 1970, in nanoseconds.
  package var beganAt: Int64 = 0
  package var status: UInt16 = 0
  package var failure: FailureKind?
  /// How a call of gRPC ended, by name; nil: it was none.
  package var grpcStatus: StaticString?
  /// The service answered the call with a status that tells of itself.
  package var isGRPCFault = false
  package var detail: StaticString = ""
  package var ending = Ending.answered
  package var duration: Int64 = 0
  package var headAt: Int64?
  package var requestBytes: UInt64 = 0
  package var responseBytes: UInt64 = 0
  /// Bytes that the answer's head promised; nil: it named no length.
  package var responseLength: UInt64?

  /// Nil: it did not come that far, or nothing was to be asked of an upstream.
  package var admittedAt: Int64?
  /// What it was allowed in all; nil: no limit.
  package var deadline: Int64?
  /// The deadline came from a proxy in front of us.
  package var isDeadlineGiven = false
  package var priority = RequestPriority.normal
  package var fault = Fault.none
  /// Policies that would have refused it, had they not been in shadow.
  package var shadows: ShadowPolicies = []
  package var upstreamBreaker = BreakerMark.none
  package var routeBreaker = BreakerMark.none
  /// After how long to come again, where a refusal knows.
  package var retryAfterSeconds: Int?
  /// The breaker that refused it, as it stood then; nil: none did.
  package var refusedBy: BreakerRefusal?
  /// The key of the rule of `authorize` that denied it, or of its default; nil: none did.
  package var deniedBy: String?
  /// For a connection.
  package var waited: Int64 = 0
  package var fallback: Fallback?
  /// Why no second attempt went out on a route that hedges; nil: one did, or the route does not.
  package var hedgeAbsence: HedgeAbsence?
  package var attempts: [AttemptTrace] = []
  package var attemptsSkipped = 0
  package var retryRefusal: RetryRefusal?

  package init() {}

  /// Method and target, as far as they were read.
  package var requestLine: String {
    let read = [method, target].filter { !$0.isEmpty }.joined(separator: " ")
    return read.isEmpty ? "(no request line)" : read
  }
}
