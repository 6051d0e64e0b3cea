import Primitives

/// Faults that a route puts in on purpose; nil: not this one.
package struct FaultSettings: Sendable, Equatable {
  package struct Delay: Sendable, Equatable {
    package var share: Share
    package var duration: Duration
  }

  package struct Abort: Sendable, Equatable {
    package var share: Share
    package var status: Int
  }

  package struct Bandwidth: Sendable, Equatable {
    package var share: Share
    package var bytesPerSecond: Int
  }

  package var delay: Delay?
  package var abort: Abort?
  package var resetShare: Share?
  package var bandwidth: Bandwidth?
  /// All of these, in a request of a trusted proxy; a value of "*": the field must be there. Empty:
  /// any request.
  package var headers: [RouteConfiguration.Field]
}
