import CLinux
import Glibc
import Primitives

/// The kernel that runs underneath: one epoll instance, two clocks.
///
/// The calls on sockets stand in `LinuxSockets`.
@safe public final class LinuxKernel: LinuxSockets {
  private let poller: Int32
  // SAFETY: allocated at init with `EventLoop.eventsPerTurnMax` entries, freed at deinit, read only
  // below the count that epoll_wait answered.
  private let raw: UnsafeMutablePointer<epoll_event>

  package override init() {
    poller = epoll_create1(Int32(EPOLL_CLOEXEC))
    precondition(poller >= 0, "no epoll instance: \(Errno.current)")
    unsafe raw = .allocate(capacity: EventLoop.eventsPerTurnMax)
    super.init()
  }

  deinit {
    _ = Glibc.close(poller)
    unsafe raw.deallocate()
  }

  public override func now() -> Instant { Self.monotonicNow }

  /// The clock of all loops, for threads that have none. Needs no descriptor. Any thread.
  package static var monotonicNow: Instant {
    var time = timespec()
    // SAFETY: `time` outlives the call.
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  public override func unixNanoseconds() -> Int64 {
    var time = timespec()
    // SAFETY: `time` outlives the call.
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  public override func makeWakeup() throws(Errno) -> Int32 {
    try Wakeup.make()
  }

  public override func watch(
    _ descriptor: Int32, _ interest: Readiness, token: UInt64, isExclusive: Bool
  ) throws(Errno) {
    // EPOLLEXCLUSIVE allows neither EPOLLRDHUP nor a later change (epoll_ctl(2)).
    var flags = weir_epoll_edge()
    if interest.contains(.readable) { flags |= EPOLLIN.rawValue }
    if interest.contains(.writable) { flags |= EPOLLOUT.rawValue }
    flags |= isExclusive ? weir_epoll_exclusive() : EPOLLRDHUP.rawValue
    // SAFETY: the token is the union's only use; `event` outlives the call.
    var event = unsafe epoll_event(events: flags, data: epoll_data_t(u64: token))
    guard unsafe epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
      throw Errno.current
    }
  }

  public override func unwatch(_ descriptor: Int32) {
    // EPOLL_CTL_DEL takes no event (Linux 2.6.9).
    let result = epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, nil)
    precondition(result == 0, "a descriptor that was not watched: \(Errno.current)")
  }

  public override func wait(
    until deadline: Instant, from now: Instant, into events: inout [ReadyEvent]
  ) {
    events.removeAll(keepingCapacity: true)
    // SAFETY: `raw` holds eventsPerTurnMax entries.
    let count = unsafe weir_epoll_wait(
      poller, raw, Int32(EventLoop.eventsPerTurnMax), Self.milliseconds(until: deadline, from: now))
    guard count > 0 else {
      precondition(count == 0 || count == -EINTR, "epoll_wait: \(Errno(-count))")
      return
    }
    for index in 0..<Int(count) {
      // SAFETY: index is below the count that epoll_wait answered.
      let event = unsafe raw[index]
      let readiness = unsafe Self.readiness(event.events)
      events.append(ReadyEvent(token: unsafe event.data.u64, readiness: readiness))
    }
  }

  /// Rounded up, so that a turn is not taken for a deadline that has not come.
  private static func milliseconds(until deadline: Instant, from now: Instant) -> Int32 {
    guard deadline < .distantFuture else { return -1 }
    let left = deadline.nanoseconds(since: now)
    return left <= 0 ? 0 : Int32(clamping: (left - 1) / 1_000_000 + 1)
  }

  private static func readiness(_ flags: UInt32) -> Readiness {
    var readiness = Readiness(rawValue: 0)
    if flags & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
    if flags & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
    if flags & EPOLLRDHUP.rawValue != 0 { readiness.insert(.peerEnded) }
    if flags & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { readiness.insert(.broken) }
    return readiness
  }
}
