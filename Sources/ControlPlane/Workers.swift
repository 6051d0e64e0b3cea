import DataPath
import Dispatch
import Primitives
import Reactor
import Telemetry

/// The worker threads, as the control plane talks to them.
///
/// Confinement: the control queue; what is asked of workers is answered there.
final class Workers {
  let handles: [WorkerHandle]
  let shards: [MetricShard]
  private let threads: [LoopThread]
  private let queue: DispatchQueue

  private struct Confined: @unchecked Sendable {
    // SAFETY: a worker is made here and then belongs to its thread.
    let worker: Worker
  }

  init(_ workers: [Worker], shards: [MetricShard], queue: DispatchQueue) {
    self.queue = queue
    self.shards = shards
    let all = workers.map { WorkerHandle($0) }
    handles = all
    threads = workers.map { worker in
      worker.peers = all
      let confined = Confined(worker: worker)
      return LoopThread(name: "weir-worker-\(worker.number)") { confined.worker.loop.run() }
    }
  }

  /// Asks every worker and, when all have answered, calls `done` with the answers in the workers'
  /// order, on the control queue.
  func ask<Answer: Sendable>(
    _ question: @escaping @Sendable (Worker) -> Answer,
    done: @escaping @Sendable ([Answer]) -> Void
  ) {
    let queue = queue
    Self.ask(handles, question) { answers in queue.async { done(answers) } }
  }

  /// The same, calling `done` on the loop that answers last. Any thread.
  static func ask<Answer: Sendable>(
    _ handles: [WorkerHandle], _ question: @escaping @Sendable (Worker) -> Answer,
    done: @escaping @Sendable ([Answer]) -> Void
  ) {
    let count = handles.count
    let answers = Lock<[Int: Answer]>([:])
    for handle in handles {
      handle.post { worker in
        let answer = question(worker)
        let isLast = answers.withLock { known in
          known[worker.number] = answer
          return known.count == count
        }
        if isLast {
          done(answers.withLock { $0.sorted { $0.key < $1.key }.map(\.value) })
        }
      }
    }
  }

  /// Ends the loops and waits for the threads.
  func stop() {
    for handle in handles {
      handle.post { worker in
        worker.flushLog()
        worker.loop.stop()
      }
    }
    for thread in threads { thread.join() }
  }
}
