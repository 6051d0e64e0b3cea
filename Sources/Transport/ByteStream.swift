import Primitives
import Reactor

/// A connected socket with a buffer each way: what both sides of the proxy and the admin listener
/// share.
///
/// Readiness is sticky: an edge sets `mayReceive` or `maySend`, and only a call that used up what
/// the kernel had clears it, so the owner may stop in the middle and go on whenever it likes. A
/// receive that fills less than it was offered has drained the socket: no second call is made to
/// learn so (rule 8 of ARCHITECTURE.md). TLS stands inside, between the socket and the buffers, where there
/// is a `secure` layer, so that no codec knows of it. Confinement: its loop.
open class ByteStream: EventSource {
  package enum Flush: Equatable, Sendable {
    /// Nothing is left to send.
    case drained
    /// The peer does not take more now; an edge will tell. `tookSome`: it took a part.
    case blocked(tookSome: Bool)
    case failed(Errno)
  }

  package final let loop: EventLoop
  /// The loop's, kept here: one reference less to follow and to count.
  package final let kernel: Kernel
  /// Each has a block only while it has bytes in flight.
  package final let input = Buffer()
  package final let output = Buffer()
  package internal(set) final var mayReceive = false
  package internal(set) final var maySend: Bool
  /// The peer has ended its direction; what it sent before may still wait.
  package internal(set) final var peerEnded = false
  package internal(set) final var isBroken = false
  /// Payload, as the owner sees it; TLS adds to it on the wire.
  package internal(set) final var bytesReceived: UInt64 = 0
  /// Payload that was given to the kernel, or that is in a TLS record for it, which is not taken back.
  package internal(set) final var bytesSent: UInt64 = 0
  /// Whether TLS is spoken on it. A field beside `secure`, since it is asked several times a request.
  package internal(set) final var isSecure = false
  /// TLS on it; nil: none.
  final var secure: SecureLayer? {
    didSet { isSecure = secure != nil }
  }
  private final var receivedCounted: UInt64 = 0
  private final var sentCounted: UInt64 = 0

  /// `isConnected`: false for a connection attempt, which may send at its first writable edge.
  package init(loop: EventLoop, isConnected: Bool) {
    self.loop = loop
    kernel = loop.kernel
    maySend = isConnected
  }

  /// Takes over what the kernel said. Call first in `ready`.
  package final func note(_ readiness: Readiness) {
    if readiness.hasAny(of: .receivable) {
      mayReceive = true
      if isSecure { expectCiphertext() }
    }
    if readiness.has(.writable) { maySend = true }
    if readiness.has(.peerEnded) { peerEnded = true }
    if readiness.has(.broken) { isBroken = true }
  }

  /// Lets the next receive ask the kernel although no edge said that there is anything.
  package final func expectBytes() {
    mayReceive = true
    if isSecure { expectCiphertext() }
  }

  /// Receives once into `buffer`, at most `most` bytes. Preconditions: the buffer has room, `most`
  /// is above 0.
  package final func receive(into buffer: Buffer, upTo most: Int = .max) -> IOResult {
    guard mayReceive else { return .wouldBlock }
    let room = min(most, buffer.writableCount)
    if isSecure { return receiveSecured(into: buffer, upTo: room) }
    let result = kernel.receive(descriptor, into: buffer, upTo: room)
    switch result {
    case .bytes(let count):
      bytesReceived &+= UInt64(count)
      // An end or an error behind the bytes brings no further edge.
      if count < room { mayReceive = peerEnded || isBroken }
    case .wouldBlock: mayReceive = false
    case .endOfStream: peerEnded = true
    case .failed: isBroken = true
    }
    return result
  }

  /// Sends what `output` holds, in one call unless the kernel takes only a part.
  package final func flush() -> Flush { flush(output) }

  /// Sends what `buffer` holds, in the place of `output`, which is empty.
  package final func flush(_ buffer: Buffer) -> Flush {
    if isSecure { return flushSecured(buffer) }
    guard !buffer.isEmpty else { return .drained }
    return push(buffer, isPayload: true)
  }

  /// Gives the kernel what `buffer` holds, in one call, and consumes what it took. Precondition: there is
  /// something. `isPayload`: what leaves is counted here, not when it was encrypted.
  @inline(__always)
  final func push(_ buffer: Buffer, isPayload: Bool) -> Flush {
    guard maySend else { return .blocked(tookSome: false) }
    switch kernel.send(descriptor, from: buffer) {
    case .bytes(let count):
      if isPayload { bytesSent &+= UInt64(count) }
      buffer.consume(count)
      if buffer.isEmpty { return .drained }
      maySend = false
      return .blocked(tookSome: true)
    case .wouldBlock:
      maySend = false
      return .blocked(tookSome: false)
    case .endOfStream: preconditionFailure("a send does not end a stream")
    case .failed(let error):
      isBroken = true
      return .failed(error)
    }
  }

  /// What was moved since the last call, for counters that are brought up to date now and then
  /// rather than at each call to the kernel.
  package final func takeUncounted() -> (received: UInt64, sent: UInt64) {
    let moved = (received: bytesReceived &- receivedCounted, sent: bytesSent &- sentCounted)
    receivedCounted = bytesReceived
    sentCounted = bytesSent
    return moved
  }

  /// Gives both buffers' blocks back.
  package final func giveBuffers(to pool: BufferPool) {
    pool.reclaim(from: input)
    pool.reclaim(from: output)
    secure?.giveEmpty()
  }
}
