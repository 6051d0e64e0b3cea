import DataPath
import Dispatch
import Logging
import Primitives
import ProxyConfiguration
import Reactor
import Telemetry

/// The way to the end: clients are told from the first moment, then the listeners close, then what is
/// in flight ends.
///
/// ```
/// announced ──(delay)── listeners closed ──(all have left)──────────── ended
///     │                        └──(timeout)── cut ──(a moment for 503s)──┘
///     └──(second signal)───────────────────────┘
/// ```
extension ControlPlane {
  /// Drains, whatever was asked for before; for who runs a proxy inside another program.
  package func drain(delay: Duration? = nil) {
    queue.async {
      guard self.phase == .serving else { return }
      _ = self.stops.next(.admin)
      self.beginDrain(delay ?? self.configuration.drainDelay)
    }
  }

  /// What SIGTERM does.
  package func terminate() { queue.async { self.stop(.terminate) } }

  /// What SIGINT does.
  package func interrupt() { queue.async { self.stop(.interrupt) } }

  /// On the control queue.
  func stop(_ source: StopRequests.Source) {
    guard phase != .starting else {
      earlyStop = source
      return
    }
    guard phase != .ended else { return }
    switch stops.next(source) {
    case .drain(let isDelayed): beginDrain(isDelayed ? configuration.drainDelay : .zero)
    case .endDelay: close()
    case .endNow:
      log.warning("a second signal: what is in flight is cut")
      cut()
    case .none:
      if source != .admin { log.info("draining already; another signal ends it at once") }
    }
  }

  private func beginDrain(_ delay: Duration) {
    phase = .draining
    log.info(
      "draining", metadata: ["delay": "\(delay)", "timeout": "\(configuration.drainTimeout)"])
    // Whoever reads that we drain finds each answer say so, from the first moment on. A worker that
    // stands still keeps that from nobody for long.
    let queue = queue
    Workers.ask(
      workers?.handles ?? [], { $0.announceDrain() },
      done: { _ in queue.async { self.drainIsKnown() } })
    after(.milliseconds(100)) { [self] in drainIsKnown() }
    after(configuration.drainTimeout) { [self] in
      guard phase == .draining else { return }
      log.warning("the drain's time is up; what is in flight is cut")
      cut()
    }
    if delay == .zero { close() } else { after(delay) { [self] in close() } }
  }

  /// Calls `work` once `/readyz` tells of the drain: who asked for it may look there at once.
  func whenDrainIsKnown(_ work: @escaping @Sendable () -> Void) {
    guard phase == .draining, !isDrainKnown else { return work() }
    waitForDrain.append(work)
  }

  private func drainIsKnown() {
    guard !isDrainKnown else { return }
    isDrainKnown = true
    statusPages.set(phase: phase)
    for work in waitForDrain { work() }
    waitForDrain = []
  }

  /// The listeners close; it ends when nobody is left.
  private func close() {
    guard phase == .draining, !isClosing, let workers else { return }
    isClosing = true
    let count = workers.handles.count
    let empty = Lock(0)
    for handle in workers.handles {
      handle.post { worker in
        worker.drain { [self] in
          let isLast = empty.withLock { number in
            number += 1
            return number == count
          }
          if isLast { queue.async { self.end() } }
        }
      }
    }
  }

  /// Whoever waits is told so, and everything else is cut.
  private func cut() {
    for handle in workers?.handles ?? [] { handle.post { $0.abandonAll() } }
    after(.milliseconds(100)) { [self] in end() }
  }

  private func end() {
    guard phase == .draining else { return }
    phase = .ended
    controlLoop?.checkHealth(of: [])
    workers?.stop()
    drainLog()
    removePaths(keeping: [])
    log.info("ended")
    whenEnded?()
  }

  /// Writes what is left of the access log; a reader that takes nothing does not hold the end up.
  private func drainLog() {
    guard let logSink, !logSink.drain(within: .seconds(1)) else { return }
    logFile?.giveUp()
    _ = logSink.drain(within: .seconds(1))
    log.warning(
      "lines of the access log were lost", metadata: ["lines": "\(logSink.linesLost)"])
  }
}
