import Glibc
import Primitives
import Reactor

/// A kernel that plays a whole network in virtual time, from one seed: the loop, the listeners, the
/// connections and the exchanges above it are the real ones.
///
/// Edge-triggered like epoll: a receive that answers less than it was offered has drained the
/// socket; a send takes what fits. Nothing waits: when nothing is ready, time jumps to the next
/// event. Mail across threads is not played. Confinement: one thread.
package final class SimulatedNetwork: Kernel {
  static let connectionReset = Errno(ECONNRESET)
  package static let outOfDescriptors = Errno(EMFILE)

  /// What happens when Weir connects to an address.
  package enum Answer {
    case refused
    case silent
    case peer(any SimulatedPeer)
  }

  /// When a network begins.
  package static let start = Instant(nanoseconds: 1_000_000_000)

  package private(set) var time = SimulatedNetwork.start
  package var random: RandomSource
  /// Calls fail now and then, for want of descriptors or a way.
  package var isFaulty = false
  /// What watching a listening socket answers.
  package var listenerFault: Errno?
  /// What calls to connect answer at once, this many of them.
  package var connectFault: Errno?
  package var connectFaultCount = Int.max
  /// Decides about Weir's connection attempts.
  package var answerConnect: (SocketAddress) -> Answer = { _ in .refused }
  private var sockets: [Int32: SimulatedSocket] = [:]
  private var next: Int32 = 1_000_000
  private var ready: [SimulatedSocket] = []
  private var listener: SimulatedSocket?
  private var queued: [SimulatedSocket] = []
  /// Latest first, so that the next is taken from the end.
  private var events: [(at: Instant, order: Int, run: () -> Void)] = []
  private var order = 0

  package init(seed: UInt64) {
    random = RandomSource(seed: seed)
    super.init()
  }

  /// Sockets that Weir has not closed, the listener and wake-ups not counted.
  package var openSockets: Int { sockets.count }
  package var hasEvents: Bool { !events.isEmpty }

  // MARK: The peers' side

  /// Runs `work` after `delay`.
  package func after(_ delay: Duration, _ work: @escaping () -> Void) {
    order += 1
    let event = (at: time.advanced(by: delay), order: order, run: work)
    var position = events.endIndex
    while position > 0, events[position - 1].at < event.at || events[position - 1].at == event.at {
      position -= 1
    }
    events.insert(event, at: position)
  }

  /// A delay of the network: mostly short, now and then long.
  package func latency() -> Duration {
    .microseconds(random.chance(1, in: 20) ? Int(random.below(50_000)) : Int(random.below(500)))
  }

  /// A client connects to Weir's listener.
  package func connect(_ peer: any SimulatedPeer) {
    let socket = makeSocket()
    socket.peer = peer
    socket.isStanding = true
    let open = lanes.filter(\.isListening)
    if open.isEmpty {
      queued.append(socket)
      if let listener { edge(listener, .readable) }
    } else {
      // The kernel spreads connections over the sockets of one port by a hash.
      open[Int(random.below(UInt32(open.count)))].queue(socket)
    }
    peer.connected(socket)
  }

  func makeSocket() -> SimulatedSocket {
    next += 1
    let sizes = [200, 2000, 4096, 65_536, 1 << 20]
    return SimulatedSocket(next, self, outboundMax: sizes[Int(random.below(UInt32(sizes.count)))])
  }

  func edge(_ socket: SimulatedSocket, _ readiness: Readiness) {
    guard socket.token != nil else { return }
    if socket.pending.isEmpty {
      if let lane = socket.lane { lane.add(socket) } else { ready.append(socket) }
    }
    socket.pending.formUnion(readiness)
  }

  // MARK: Clocks and readiness

  package override func now() -> Instant { time }
  package override func unixNanoseconds() -> Int64 {
    1_790_000_000_000_000_000 + time.nanoseconds(since: Instant(nanoseconds: 0))
  }

  /// Never ready. Far above real descriptors, so that a call that is not simulated fails.
  package override func makeWakeup() throws(Errno) -> Int32 {
    next += 1
    return next
  }

  package override func watch(
    _ descriptor: Int32, _ interest: Readiness, token: UInt64, isExclusive: Bool
  ) throws(Errno) {
    if let listener, listener.descriptor == descriptor {
      if let listenerFault { throw listenerFault }
      listener.token = token
      return
    }
    guard let socket = sockets[descriptor] else { return }
    watch(socket, token: token)
  }

  func watch(_ socket: SimulatedSocket, token: UInt64) {
    socket.token = token
    if socket.isStanding { edge(socket, .writable) }
    if !socket.inbound.isEmpty { edge(socket, .readable) }
    if socket.peerEnded { edge(socket, [.readable, .peerEnded]) }
    if socket.error != nil { edge(socket, [.readable, .writable, .broken]) }
  }

  package override func unwatch(_ descriptor: Int32) {
    guard let socket = sockets[descriptor] else { return }
    socket.token = nil
    socket.pending = []
    ready.removeAll { $0 === socket }
    socket.lane?.remove(socket)
  }

  package override func wait(
    until deadline: Instant, from now: Instant, into events: inout [ReadyEvent]
  ) {
    events.removeAll(keepingCapacity: true)
    while ready.isEmpty, let event = self.events.last, event.at <= deadline { run(event) }
    if ready.isEmpty, deadline != .distantFuture { time = max(time, deadline) }
    for socket in ready {
      events.append(ReadyEvent(token: socket.token ?? 0, readiness: socket.pending))
      socket.pending = []
    }
    ready = []
  }

  private func run(_ event: (at: Instant, order: Int, run: () -> Void)) {
    events.removeLast()
    time = max(time, event.at)
    event.run()
  }

  // MARK: Several workers

  /// Those of a fleet, whose loops have kernels of their own (`SimulatedLane`).
  private var lanes: [SimulatedLane] = []

  /// The kernel of one more worker.
  package func addLane() -> SimulatedLane {
    let lane = SimulatedLane(self)
    lanes.append(lane)
    return lane
  }

  /// When something happens next by itself; nil: nothing does.
  package var nextEvent: Instant? { events.last?.at }

  /// Time goes on to `instant`, and what is planned until then happens.
  package func advance(to instant: Instant) {
    while let event = events.last, event.at <= instant { run(event) }
    time = max(time, instant)
  }

  func socket(_ descriptor: Int32) -> SimulatedSocket? { sockets[descriptor] }

  // MARK: Weir's side

  package override func listen(
    on address: SocketAddress, backlog: Int32, isShared: Bool, mode: UInt32?
  ) throws(Errno) -> Int32 {
    let socket = makeSocket()
    listener = socket
    return socket.descriptor
  }

  package override func accept(_ descriptor: Int32) throws(Errno) -> AcceptedSocket {
    try accept(from: &queued)
  }

  func accept(from queue: inout [SimulatedSocket]) throws(Errno) -> AcceptedSocket {
    guard !queue.isEmpty else { throw Errno(EAGAIN) }
    if isFaulty, random.chance(1, in: 50) { throw Errno(EMFILE) }
    let socket = queue.removeFirst()
    sockets[socket.descriptor] = socket
    return AcceptedSocket(
      descriptor: socket.descriptor, peer: .ip(.loopback4, port: 40_000))
  }

  package override func connect(to address: SocketAddress) throws(Errno) -> Int32 {
    if let connectFault, connectFaultCount > 0 {
      connectFaultCount -= 1
      throw connectFault
    }
    if isFaulty, random.chance(1, in: 200) { throw Errno(ENETUNREACH) }
    let socket = makeSocket()
    sockets[socket.descriptor] = socket
    let answer = answerConnect(address)
    after(latency()) { [self] in
      guard !socket.weirClosed else { return }
      switch answer {
      case .silent: break
      case .refused:
        socket.error = Errno(ECONNREFUSED)
        edge(socket, [.readable, .writable, .broken])
      case .peer(let peer):
        socket.peer = peer
        socket.isStanding = true
        edge(socket, .writable)
        peer.connected(socket)
      }
    }
    return socket.descriptor
  }

  package override func connectFailure(_ descriptor: Int32) -> Errno? {
    guard let socket = sockets[descriptor] else { return Errno(EBADF) }
    return socket.isStanding ? nil : socket.error ?? Errno(EINPROGRESS)
  }

  package override func tune(_ descriptor: Int32) {}
  package override func refuseHandshakes(_ descriptor: Int32) {}

  package override func receive(
    _ descriptor: Int32, into buffer: Buffer, upTo most: Int
  ) -> IOResult {
    let socket = open(descriptor)
    if !socket.inbound.isEmpty {
      let count = min(most, buffer.writableCount, socket.inbound.count)
      buffer.append(Array(socket.inbound[..<count]))
      socket.inbound.removeFirst(count)
      return .bytes(count)
    }
    if let error = socket.error { return .failed(error) }
    return socket.peerEnded ? .endOfStream : .wouldBlock
  }

  package override func send(_ descriptor: Int32, from buffer: Buffer) -> IOResult {
    let socket = open(descriptor)
    precondition(!socket.weirEnded, "a send after the end of the direction")
    if let error = socket.error { return .failed(error) }
    let bytes = buffer.readable
    let count = min(bytes.count, socket.outboundMax - socket.outbound.count)
    if count < bytes.count { socket.isBlocked = true }
    guard count > 0 else { return .wouldBlock }
    for index in 0..<count { socket.outbound.append(bytes[index]) }
    socket.sent += UInt64(count)
    let total = socket.sent
    after(latency()) {
      guard socket.error == nil, total > socket.acknowledged else { return }
      // Bytes for a socket that is closed are answered by a reset and acknowledged by nobody.
      guard !socket.peerClosed else { return socket.reset(losing: false) }
      socket.acknowledged = total
      socket.peer?.received(socket)
    }
    return .bytes(count)
  }

  package override func shutdownSend(_ descriptor: Int32) {
    let socket = open(descriptor)
    guard !socket.weirEnded else { return }
    socket.weirEnded = true
    end(socket, isReset: false)
  }

  package override func resetOnClose(_ descriptor: Int32) { open(descriptor).resetsOnClose = true }

  package override func close(_ descriptor: Int32) {
    if listener?.descriptor == descriptor { listener = nil }
    guard let socket = sockets.removeValue(forKey: descriptor) else { return }
    socket.weirClosed = true
    // Unread bytes make the kernel send a reset (RFC 9293 §3.10.4).
    let isReset = socket.resetsOnClose || !socket.inbound.isEmpty
    end(socket, isReset: isReset)
  }

  /// The end comes behind all that was sent; a reset may overtake it.
  private func end(_ socket: SimulatedSocket, isReset: Bool) {
    after(latency()) {
      guard socket.error == nil else { return }
      if !isReset { socket.acknowledged = socket.sent }
      socket.peer?.ended(socket, isReset: isReset)
    }
  }

  package override func localAddress(_ descriptor: Int32) -> SocketAddress? { nil }

  private func open(_ descriptor: Int32) -> SimulatedSocket {
    guard let socket = sockets[descriptor] else {
      preconditionFailure("a call on a descriptor that is not open")
    }
    return socket
  }
}
