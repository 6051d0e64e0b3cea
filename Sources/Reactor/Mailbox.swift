import Primitives

/// Work that other threads hand to a loop, in order; the only way across threads.
///
/// Why a lock and an array: mail is rare (a reload, a scrape, a drain), never per request. One
/// wake-up covers all mail that is posted before the loop looks.
package final class Mailbox: Sendable {
  package let descriptor: Int32
  private let mail = Lock<[@Sendable () -> Void]>([])

  package init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Runs `work` on the loop's thread in its next turn. Any thread may call.
  package func post(_ work: @escaping @Sendable () -> Void) {
    let isFirst = mail.withLock { waiting in
      waiting.append(work)
      return waiting.count == 1
    }
    if isFirst { Wakeup.signal(descriptor) }
  }

  /// Nothing waits. Any thread may call.
  package var isEmpty: Bool { mail.withLock { $0.isEmpty } }

  /// Takes everything that waits. The loop only.
  func take() -> [@Sendable () -> Void] {
    Wakeup.clear(descriptor)
    return mail.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
