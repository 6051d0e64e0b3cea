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

  /// From here on each of `numbers` calls `body` on `queue` and does nothing else.
  package init(
    _ numbers: [Int32], on queue: DispatchQueue, _ body: @escaping @Sendable (Int32) -> Void
  ) {
    sources = numbers.map { number in
      // The source hears of the signal all the same.
      _ = signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { body(number) }
      source.resume()
      return source
    }
    // A peer that is gone is an error of the call, not a signal.
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
