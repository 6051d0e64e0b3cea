/// A set of conditions, laid out so that an ending is matched with a mask or one bit.
///
/// Cost: 40 bytes, no references; a test of a status is a shift. Statuses outside 400...599 and gRPC
/// statuses that have no name here are never in it.
@usableFromInline package struct RetryConditions: Sendable, Hashable, ExpressibleByArrayLiteral {
  /// Bit `status - 400`, those that a name stands for included.
  @usableFromInline var statuses = StatusBits()
  /// Bit of the gRPC code.
  @usableFromInline var grpcStatuses: UInt32 = 0
  var endings: Endings = []
  /// Bit of the place in `RetryCondition.named`.
  private var members: UInt16 = 0

  /// The endings without an answer.
  struct Endings: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let reset = Endings(rawValue: 1)
    static let resetBeforeRequest = Endings(rawValue: 2)
    static let connectFailure = Endings(rawValue: 4)
    static let refusedStream = Endings(rawValue: 8)
    static let perTryTimeout = Endings(rawValue: 16)
    static let anyWithoutAnswer: Endings = [
      .reset, .connectFailure, .refusedStream, .perTryTimeout,
    ]
  }

  package init() {}

  package init(_ conditions: some Sequence<RetryCondition>) {
    for condition in conditions { insert(condition) }
  }

  @usableFromInline package init(arrayLiteral conditions: RetryCondition...) {
    self.init(conditions)
  }

  package var isEmpty: Bool { members == 0 && statuses == StatusBits() }

  /// In the order in which `RetryCondition` lists them; then the numbers that no name stands for.
  package var names: [String] {
    let named = RetryCondition.named.enumerated().filter { members >> UInt16($0.offset) & 1 != 0 }
      .map(\.element)
    let implied = RetryConditions(named.map(\.condition)).statuses
    let numbers = (400...599).filter { statuses.contains($0) && !implied.contains($0) }
    return named.map(\.name) + numbers.map { "\($0)" }
  }

  package mutating func insert(_ condition: RetryCondition) {
    if let place = RetryCondition.named.firstIndex(where: { $0.condition == condition }) {
      members |= 1 << UInt16(place)
    }
    switch condition {
    case .serverError:
      endings.formUnion(.anyWithoutAnswer)
      for status: UInt16 in 500...599 { statuses.insert(status) }
    case .gatewayError:
      endings.formUnion(.anyWithoutAnswer)
      for status: UInt16 in 502...504 { statuses.insert(status) }
    case .reset: endings.formUnion(.anyWithoutAnswer)
    case .resetBeforeRequest: endings.insert(.resetBeforeRequest)
    case .connectFailure: endings.insert(.connectFailure)
    case .refusedStream: endings.insert(.refusedStream)
    case .retriable4xx: statuses.insert(409)
    case .perTryTimeout: endings.insert(.perTryTimeout)
    // The codes of gRPC's list of statuses.
    case .grpcCancelled: grpcStatuses |= 1 << 1
    case .grpcDeadlineExceeded: grpcStatuses |= 1 << 4
    case .grpcInternal: grpcStatuses |= 1 << 13
    case .grpcResourceExhausted: grpcStatuses |= 1 << 8
    case .grpcUnavailable: grpcStatuses |= 1 << 14
    case .status(let status): statuses.insert(status)
    }
  }

  /// Whether an answer with this status, and in its head this gRPC status, asks for a retry.
  @inlinable
  package func matchesAnswer(status: UInt16, grpcStatus: UInt8?) -> Bool {
    if let grpcStatus, grpcStatus < 32, grpcStatuses & (1 << UInt32(grpcStatus)) != 0 {
      return true
    }
    return statuses.contains(status)
  }
}
