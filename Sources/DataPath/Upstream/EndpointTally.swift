import Primitives
import Resilience

/// What one worker has counted at one endpoint, for people who look at it; no decision is made by it.
///
/// Counts are of attempts that have ended or whose answer's head is there. Cost: an addition and a
/// `RecentLatencies` record an attempt. Confinement:
/// the worker's loop; copies may travel.
package struct EndpointTally: Sendable {
  /// What an attempt failed by.
  package enum Fault: Sendable, Equatable {
    case status(UInt16)
    case grpcStatus(GRPCStatus)
    case failure(FailureKind)

    /// `status 503`, `grpc-status UNAVAILABLE`, `connect_refused`.
    package var text: String {
      switch self {
      case .status(let status): "status \(status)"
      case .grpcStatus(let status): "grpc-status \(status.name)"
      case .failure(let kind): kind.name
      }
    }
  }

  package private(set) var requests: UInt64 = 0
  package private(set) var errors: UInt64 = 0
  /// The last attempt that failed, and when; nil: none has.
  package private(set) var lastError: (fault: Fault, at: Instant)?
  /// Times from the request to the answer's head, the recent ones weighing most.
  package private(set) var latencies = RecentLatencies()

  package init() {}

  /// An answer that is no failure is there. `bucket`: where its time counts.
  @inline(__always)
  mutating func answered(_ bucket: Int, _ now: Instant) {
    requests &+= 1
    latencies.record(bucket: bucket, now: now)
  }

  /// The attempt has failed. `bucket`: where its time counts; nil: it says nothing of the endpoint.
  mutating func failed(_ fault: Fault, _ bucket: Int?, _ now: Instant) {
    requests &+= 1
    if let bucket { latencies.record(bucket: bucket, now: now) }
    broke(fault, now)
  }

  /// An answer that was counted as good broke off.
  mutating func broke(_ fault: Fault, _ now: Instant) {
    errors &+= 1
    lastError = (fault, now)
  }

  /// The attempt was given up by whoever waited for it, after `nanoseconds` without an answer: the least
  /// that it would have taken.
  mutating func leftWaiting(_ nanoseconds: Int64, _ now: Instant) {
    requests &+= 1
    latencies.record(bucket: RecentLatencies.bucket(nanoseconds), now: now)
  }

  /// Adds what another worker has counted at the same endpoint.
  package mutating func add(_ other: EndpointTally, now: Instant) {
    requests &+= other.requests
    errors &+= other.errors
    if let theirs = other.lastError, lastError.map({ $0.at < theirs.at }) ?? true {
      lastError = theirs
    }
    latencies.add(other.latencies, now: now)
  }

  /// The latency that `share` of the recent attempts did not exceed; nil: there were none of late.
  package func latency(at share: Share, now: Instant) -> Int64? {
    latencies.nanoseconds(at: share, now: now)
  }
}
