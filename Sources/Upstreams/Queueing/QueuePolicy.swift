/// When a queue of requests counts as overloaded.
package struct QueuePolicy: Sendable, Equatable {
  /// A wait up to this is good. Default 5 ms: RFC 8289 §4, and what Facebook allows a request in
  /// an overloaded queue ("Fail at Scale", ACM Queue 2015).
  package var target: Duration
  /// How long waits may stand above the target: a burst that drains is no overload. Default 100 ms:
  /// RFC 8289 §4 and Facebook's.
  package var interval: Duration

  package init(target: Duration = .milliseconds(5), interval: Duration = .milliseconds(100)) {
    self.target = target
    self.interval = interval
  }
}
