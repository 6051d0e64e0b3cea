import DataPath
import Primitives
import ProxyConfiguration
import Resilience

/// Keeps breakers over a reload: one whose settings have changed goes on by the new ones
/// (`CircuitBreaker.adopt`), and what an operator must hear of that is collected.
struct BreakerSuccession {
  let now: Instant
  private(set) var events: [PolicyEvent] = []

  init(now: Instant) {
    self.now = now
  }

  /// What stands before `subject` from now on: `old`, which went by `before`, or a new one.
  mutating func breaker(
    after old: CircuitBreaker?, _ before: BreakerConfiguration?, by settings: BreakerConfiguration?,
    _ scope: BreakerScope, upstream: String, subject: String
  ) -> CircuitBreaker? {
    guard let old else {
      return settings.map {
        CircuitBreaker($0.policy, seed: .random(in: .min ... .max))
      }
    }
    let state = old.state
    guard let settings else {
      if state != .closed {
        events.append(
          .breakerRemoved(scope, upstream: upstream, subject: subject, state: state))
      }
      return nil
    }
    if settings == before { return old }
    if let change = old.adopt(settings.policy, now: now) {
      events.append(.breaker(scope, upstream: upstream, subject: subject, change))
    } else if state != .closed {
      let until = old.figures(now: now).openUntil
      events.append(
        .breakerEdited(
          scope, upstream: upstream, subject: subject, state: state,
          openFor: until.map { .nanoseconds(max($0.nanoseconds(since: now), 0)) }))
    }
    return old
  }

  mutating func add(_ event: PolicyEvent) { events.append(event) }
}
