import HTTP2
import Primitives
import Reactor
import Transport

/// Between the bytes of a connection and its HTTP/2 session, on either side.
///
/// ```
/// socket ─▶ input ─▶ session          session ─▶ output ─▶ socket
/// ```
///
/// Frames of all streams that have something to say in a turn leave in one call to the kernel.
/// Confinement: the worker's loop.
final class HTTP2Wire {
  unowned let connection: ByteStream
  let session: Session
  private let pool: BufferPool
  private let loop: EventLoop
  /// Whoever owns the session takes its events now, and sends behind them.
  private var isServing = false
  /// The peer has ended its direction, or the connection is broken.
  private(set) var hasEnded = false

  /// Receives of one turn, so that one connection does not starve the loop.
  private static let roundsPerTurnMax = 8

  init(_ connection: ByteStream, _ session: Session, worker: Worker) {
    self.connection = connection
    self.session = session
    pool = worker.pool
    loop = worker.loop
  }

  /// Takes what came, has `drain` take the session's events, and sends what follows; false: a turn is under
  /// way, or the connection is closed.
  func turn(_ drain: () -> Void) -> Bool {
    guard !isServing, connection.isOpen else { return false }
    gather {
      receive(drain)
      // What is sent brings events: windows that moved, streams that ended.
      for _ in 0..<Self.roundsPerTurnMax {
        drain()
        send()
        if !session.hasEvents { break }
      }
    }
    if session.hasEvents { loop.resumeLater(connection) }
    return true
  }

  /// What `body` has to send waits for who sends behind it.
  func gather(_ body: () -> Void) {
    isServing = true
    body()
    isServing = false
  }

  /// Hands what comes to the session; `drain` takes its events each time.
  private func receive(_ drain: () -> Void) {
    let input = connection.input
    for _ in 0..<Self.roundsPerTurnMax {
      if !input.isEmpty {
        session.receive(input.readable, now: loop.now)
        input.removeAll()
        drain()
      }
      guard session.fault == nil, connection.isOpen, connection.mayReceive else { return }
      if !pool.lend(to: input) { pool.lendBeyondBudget(to: input) }
      switch connection.receive(into: input) {
      case .bytes: continue
      case .wouldBlock: return
      case .endOfStream, .failed:
        hasEnded = true
        return
      }
    }
    loop.resumeLater(connection)
  }

  /// Something waits in the session; it goes out with what else this turn brings.
  func owesOutput() {
    if !isServing { loop.resumeLater(connection) }
  }

  /// Takes what the session has into the connection's output. It is sent at once only where there is
  /// more than the output holds.
  func sendSoon() {
    if isServing, connection.output.writableCount >= BufferPool.smallBytes {
      _ = pull()
      return
    }
    send(onlyIfFull: true)
    owesOutput()
  }

  func send(onlyIfFull: Bool = false) {
    while connection.isOpen, !connection.isBroken {
      let hasMore = pull()
      if onlyIfFull, !hasMore { return }
      guard connection.flush() == .drained, hasMore else { break }
    }
    if connection.output.isEmpty { pool.reclaim(from: connection.output) }
  }

  /// True: the session has more than there is room for.
  private func pull() -> Bool {
    let out = connection.output
    if !pool.lend(to: out, atLeast: BufferPool.largeBytes) { pool.lendBeyondBudget(to: out) }
    out.compact()
    return session.pull(into: out)
  }

  /// All that was to be sent is with the kernel.
  var isSent: Bool { connection.output.isEmpty && !connection.holdsCiphertext }
}
