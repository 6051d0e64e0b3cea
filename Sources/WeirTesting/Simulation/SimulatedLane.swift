import Primitives
import Reactor

/// The kernel of one worker of several on a simulated network: its own listening socket and its own list of
/// what is ready, on the network's sockets and in the network's time.
///
/// Unlike the network it never lets time pass: a turn that finds nothing ends at once, and whoever drives
/// the loops lets time go on once none of them has anything to do. Confinement: one thread.
package final class SimulatedLane: Kernel {
  private unowned let network: SimulatedNetwork
  private var ready: [SimulatedSocket] = []
  private var listener: SimulatedSocket?
  private var queued: [SimulatedSocket] = []
  /// Until when the loop would have waited in its last turn.
  package private(set) var wakeAt = Instant.distantFuture
  /// The last turn had something to do.
  package private(set) var wasBusy = false

  init(_ network: SimulatedNetwork) {
    self.network = network
    super.init()
  }

  var isListening: Bool { listener?.token != nil }

  func add(_ socket: SimulatedSocket) { ready.append(socket) }
  func remove(_ socket: SimulatedSocket) { ready.removeAll { $0 === socket } }

  /// A client waits to be accepted.
  func queue(_ socket: SimulatedSocket) {
    queued.append(socket)
    if let listener { network.edge(listener, .readable) }
  }

  /// One turn of the worker's loop is about to begin.
  package func beginTurn() { wasBusy = false }

  // MARK: Kernel

  package override func now() -> Instant { network.now() }
  package override func unixNanoseconds() -> Int64 { network.unixNanoseconds() }
  package override func makeWakeup() throws(Errno) -> Int32 { try network.makeWakeup() }

  package override func watch(
    _ descriptor: Int32, _ interest: Readiness, token: UInt64, isExclusive: Bool
  ) throws(Errno) {
    if let listener, listener.descriptor == descriptor {
      listener.token = token
      return
    }
    guard let socket = network.socket(descriptor) else { return }
    socket.lane = self
    network.watch(socket, token: token)
  }

  package override func unwatch(_ descriptor: Int32) {
    if let listener, listener.descriptor == descriptor { return remove(listener) }
    network.unwatch(descriptor)
  }

  package override func wait(
    until deadline: Instant, from now: Instant, into events: inout [ReadyEvent]
  ) {
    events.removeAll(keepingCapacity: true)
    wakeAt = deadline
    if !ready.isEmpty || deadline <= network.time { wasBusy = true }
    for socket in ready {
      events.append(ReadyEvent(token: socket.token ?? 0, readiness: socket.pending))
      socket.pending = []
    }
    ready = []
  }

  package override func listen(
    on address: SocketAddress, backlog: Int32, isShared: Bool, mode: UInt32?
  ) throws(Errno) -> Int32 {
    let socket = network.makeSocket()
    socket.lane = self
    listener = socket
    return socket.descriptor
  }

  package override func accept(_ descriptor: Int32) throws(Errno) -> AcceptedSocket {
    try network.accept(from: &queued)
  }

  package override func close(_ descriptor: Int32) {
    guard let listener, listener.descriptor == descriptor else { return network.close(descriptor) }
    self.listener = nil
    // Who waits in the queue of a socket that closes is reset.
    for socket in queued {
      socket.weirClosed = true
      let peer = socket.peer
      network.after(network.latency()) { peer?.ended(socket, isReset: true) }
    }
    queued = []
  }

  package override func connect(to address: SocketAddress) throws(Errno) -> Int32 {
    try network.connect(to: address)
  }
  package override func connectFailure(_ descriptor: Int32) -> Errno? {
    network.connectFailure(descriptor)
  }
  package override func tune(_ descriptor: Int32) {}
  package override func refuseHandshakes(_ descriptor: Int32) {}
  package override func receive(
    _ descriptor: Int32, into buffer: Buffer, upTo most: Int
  ) -> IOResult {
    network.receive(descriptor, into: buffer, upTo: most)
  }
  package override func send(_ descriptor: Int32, from buffer: Buffer) -> IOResult {
    network.send(descriptor, from: buffer)
  }
  package override func shutdownSend(_ descriptor: Int32) { network.shutdownSend(descriptor) }
  package override func resetOnClose(_ descriptor: Int32) { network.resetOnClose(descriptor) }
  package override func localAddress(_ descriptor: Int32) -> SocketAddress? { nil }
}
