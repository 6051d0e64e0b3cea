import Reactor

/// What other threads may hold of a worker: its number and its mailbox.
package struct WorkerHandle: Sendable {
  private struct Confined: @unchecked Sendable {
    // SAFETY: reached only inside mail, which runs on the worker's loop.
    let worker: Worker
  }

  package let number: Int
  private let confined: Confined
  private let mailbox: Mailbox

  package init(_ worker: Worker) {
    number = worker.number
    confined = Confined(worker: worker)
    mailbox = worker.loop.mailbox
  }

  /// Runs `work` on the worker's loop.
  package func post(_ work: @escaping @Sendable (Worker) -> Void) {
    let confined = confined
    mailbox.post { work(confined.worker) }
  }
}
