import Dispatch
import Glibc

/// Turns signals into calls on a queue.
package final class Signals: @unchecked Sendable {
  package static let terminate = SIGTERM
  package static let interrupt = SIGINT
  package static let hangUp = SIGHUP
  package static let reopenLogs = SIGUSR1

  // SAFETY: written once at init; kept only so that the sources live.
  private let sources: [any DispatchSourceSignal]

  /// From here on each of `numbers` calls `body` on `queue` and does nothing else. Before, they do
  /// what they do to any process.
  package init(
    _ numbers: [Int32], on queue: DispatchQueue, _ body: @escaping @Sendable (Int32) -> Void
  ) {
    let registered = DispatchSemaphore(value: 0)
    sources = numbers.map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { body(number) }
      source.setRegistrationHandler { registered.signal() }
      source.resume()
      return source
    }
    // A source is registered by another thread and replaces the signal's action as it is: ignored
    // until then, a SIGTERM just after the start would be lost and the process would stay.
    for _ in numbers { registered.wait() }
    // A peer that is gone is an error of the call, not a signal.
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
