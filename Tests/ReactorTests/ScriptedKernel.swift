import Primitives
import Reactor

/// A kernel that plays what a test wrote down: each wait, receive and send takes the next entry.
final class ScriptedKernel: Kernel {
  var events: [[ReadyEvent]] = []
  var receives: [IOResult] = []
  var sends: [IOResult] = []
  var watchFailure: Errno?
  /// Token by descriptor.
  private(set) var watched: [Int32: UInt64] = [:]
  private(set) var closed: [Int32] = []
  private(set) var calls = 0
  private var nextDescriptor: Int32 = 100

  var time = Instant(nanoseconds: 1_000_000)

  override func now() -> Instant { time }

  override func makeWakeup() -> Int32 {
    nextDescriptor += 1
    return nextDescriptor
  }

  override func watch(
    _ descriptor: Int32, _ interest: Readiness, token: UInt64, isExclusive: Bool
  ) throws(Errno) {
    if let watchFailure { throw watchFailure }
    watched[descriptor] = token
  }

  override func unwatch(_ descriptor: Int32) { watched[descriptor] = nil }
  override func close(_ descriptor: Int32) { closed.append(descriptor) }

  override func wait(
    until deadline: Instant, from now: Instant, into ready: inout [ReadyEvent]
  ) {
    ready = events.isEmpty ? [] : events.removeFirst()
  }

  override func receive(_ descriptor: Int32, into buffer: Buffer, upTo most: Int) -> IOResult {
    calls += 1
    let result = receives.removeFirst()
    if case .bytes(let count) = result { for _ in 0..<count { buffer.append(0x78) } }
    return result
  }

  override func send(_ descriptor: Int32, from buffer: Buffer) -> IOResult {
    calls += 1
    return sends.removeFirst()
  }
}
