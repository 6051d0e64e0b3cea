import Primitives
import Resilience
import Testing

/// The names are the peers' and every one is given back.
struct RetryConditionTests {
  @Test func namesGoBothWays() {
    let peers = [
      "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure",
      "refused-stream", "retriable-4xx", "per-try-timeout", "cancelled", "deadline-exceeded",
      "internal", "resource-exhausted", "unavailable",
    ]
    #expect(RetryCondition.names == peers)
    for name in peers + ["400", "503", "599"] {
      #expect(RetryCondition(name: name)?.name == name)
    }
  }

  @Test(arguments: ["", "5XX", "399", "600", "0503", "+503", "5", "resets", "gateway error"])
  func otherNamesAreNone(name: String) {
    #expect(RetryCondition(name: name) == nil)
  }

  @Test func eachStatusIsItself() {
    for status: UInt16 in 0...1000 {
      let alone: RetryConditions = [.status(status)]
      for other: UInt16 in 0...1000 {
        let isIn = status == other && (400...599).contains(status)
        if alone.matchesAnswer(status: other, grpcStatus: nil) != isIn {
          Issue.record("\(other) in a set of \(status)")
        }
      }
    }
  }

  @Test func namesStandForTheirStatuses() {
    let all: [(RetryCondition, ClosedRange<UInt16>)] = [
      (.serverError, 500...599), (.gatewayError, 502...504), (.retriable4xx, 409...409),
    ]
    for (condition, range) in all {
      let set: RetryConditions = [condition]
      for status: UInt16 in 100...700 {
        #expect(set.matchesAnswer(status: status, grpcStatus: nil) == range.contains(status))
      }
    }
  }

  @Test func gRPCStatusesAreThoseOfItsList() {
    let codes: [(RetryCondition, UInt8)] = [
      (.grpcCancelled, 1), (.grpcDeadlineExceeded, 4), (.grpcResourceExhausted, 8),
      (.grpcInternal, 13), (.grpcUnavailable, 14),
    ]
    for (condition, code) in codes {
      let set: RetryConditions = [condition]
      for other: UInt8 in 0...255 {
        #expect(set.matchesAnswer(status: 200, grpcStatus: other) == (other == code))
      }
      #expect(!set.matchesAnswer(status: 503, grpcStatus: nil))
    }
  }

  @Test func aSetNamesWhatWasPutIn() {
    let set: RetryConditions = [.status(429), .reset, .gatewayError, .status(503)]
    #expect(set.names == ["gateway-error", "reset", "429"])
    #expect(!set.isEmpty && RetryConditions().isEmpty)
    #expect(!RetryConditions([.status(429)]).isEmpty)
    #expect(RetryConditions([.status(200)]).isEmpty)
  }
}
