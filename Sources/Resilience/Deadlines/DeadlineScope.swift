import Synchronization

/// Tells what runs under `withDeadline` why it was cancelled: its time was up, or its caller left.
///
/// Why: to a breaker below, the first is a failure of the service and the second says nothing of it;
/// cancellation looks the same. Inherited by child tasks. Cost: an allocation a deadline, and a walk
/// over the deadlines around a call that was cancelled.
final class DeadlineScope: Sendable {
  @TaskLocal static var current: DeadlineScope?

  private let isEnded = Atomic(false)
  private let outer: DeadlineScope?

  /// One inside the deadlines of this task.
  init() {
    outer = Self.current
  }

  func end() { isEnded.store(true, ordering: .releasing) }

  /// One of the deadlines around this task is over.
  static var isOver: Bool {
    var scope = current
    while let one = scope {
      if one.isEnded.load(ordering: .acquiring) { return true }
      scope = one.outer
    }
    return false
  }
}
