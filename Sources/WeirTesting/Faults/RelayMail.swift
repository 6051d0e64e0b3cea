import Glibc
import Primitives

/// Orders from a relay's owners to its thread, each answered before `send` returns.
///
/// Two pipes: one wakes the thread, one carries the answer back. Senders take turns.
final class RelayMail: Sendable {
  enum Order: Sendable {
    case behave(RelayBehaviour)
    case resetAll
    case count
    case end
  }

  private let turn = Lock(())
  private let order = Lock<Order?>(nil)
  private let reply = Lock(RelayCounts())
  private let wake: (read: Int32, write: Int32)
  private let answer: (read: Int32, write: Int32)

  init() throws {
    wake = try Self.pipe()
    answer = try Self.pipe()
  }

  deinit {
    for end in [wake.read, wake.write, answer.read, answer.write] { _ = close(end) }
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    // SAFETY: two descriptors are written to an array of two.
    guard unsafe ends.withUnsafeMutableBufferPointer({ unsafe Glibc.pipe($0.baseAddress!) }) == 0
    else { throw BlockingSocket.Failure(call: "pipe", number: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// What the thread waits for beside its sockets.
  var wakeDescriptor: Int32 { wake.read }

  /// Waits until the thread has obeyed; returns the counts after that.
  @discardableResult
  func send(_ order: Order) -> RelayCounts {
    turn.withLock { _ in
      self.order.withLock { $0 = order }
      Self.write(wake.write)
      Self.read(answer.read)
      return reply.withLock { $0 }
    }
  }

  /// On the thread: the order that woke it.
  func take() -> Order? {
    Self.read(wake.read)
    return order.withLock { order in
      defer { order = nil }
      return order
    }
  }

  /// On the thread: the order has been obeyed.
  func confirm(_ counts: RelayCounts) {
    reply.withLock { $0 = counts }
    Self.write(answer.write)
  }

  private static func write(_ descriptor: Int32) {
    var byte: UInt8 = 0
    // SAFETY: one byte from a variable of one.
    while unsafe Glibc.write(descriptor, &byte, 1) < 0, errno == EINTR {}
  }

  private static func read(_ descriptor: Int32) {
    var byte: UInt8 = 0
    // SAFETY: one byte into a variable of one.
    while unsafe Glibc.read(descriptor, &byte, 1) < 0, errno == EINTR {}
  }
}
