import Glibc

/// The thread of a relay: a poll(2) loop over its listener and its pairs.
///
/// At most `pairsMax` connections; more wait in the listener's queue.
final class RelayLoop {
  static let pairsMax = 1024

  private let mail: RelayMail
  private let port: UInt16
  private let serverPort: UInt16
  private var behaviour: RelayBehaviour
  private var listener: RawSocket?
  private var pairs: [RelayPair] = []
  private var accepted = 0
  private let answerCount = RelayPair.AnswerCount()

  init(_ mail: RelayMail, port: UInt16, to serverPort: UInt16, _ behaviour: RelayBehaviour) {
    self.mail = mail
    self.port = port
    self.serverPort = serverPort
    self.behaviour = behaviour
  }

  /// Until it is told to end; then existing connections are reset.
  func run() {
    listenAsTold()
    var now = ContinuousClock.now
    while true {
      var polled = interests(now)
      wait(&polled, now)
      now = .now
      if polled[0].revents != 0, let order = mail.take() {
        let isLast = obey(order)
        mail.confirm(counts)
        if isLast { return }
      }
      // All that an order or the time allows, not only what was polled.
      acceptAll()
      for pair in pairs { pair.advance(behaviour, now: now) }
      pairs.removeAll(where: \.isOver)
    }
  }

  private var counts: RelayCounts {
    RelayCounts(accepted: accepted, open: pairs.count, answers: answerCount.value)
  }

  /// True: it was the last.
  private func obey(_ order: RelayMail.Order) -> Bool {
    switch order {
    case .behave(let wanted):
      behaviour = wanted
      listenAsTold()
    case .count: break
    case .resetAll, .end:
      for pair in pairs { pair.reset() }
      pairs = []
    }
    if case .end = order { return true }
    return false
  }

  private func listenAsTold() {
    if behaviour.arrivals == .refused {
      listener?.close()
      listener = nil
    } else if listener == nil {
      listener = try? RawSocket.bound(to: port).socket
      guard (try? listener?.listen()) != nil else { preconditionFailure("port \(port) was lost") }
    }
  }

  private func acceptAll() {
    while pairs.count < Self.pairsMax, let client = listener?.accept() {
      accepted += 1
      if behaviour.arrivals == .reset {
        client.reset()
      } else {
        pairs.append(RelayPair(client, to: serverPort, counting: answerCount))
      }
    }
  }

  private func interests(_ now: ContinuousClock.Instant) -> [pollfd] {
    let hasRoom = pairs.count < Self.pairsMax
    let accepting = hasRoom ? listener?.descriptor ?? -1 : -1
    return [
      pollfd(fd: mail.wakeDescriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: accepting, events: Int16(POLLIN), revents: 0),
    ] + pairs.flatMap { $0.interests(behaviour, now: now) }
  }

  /// `turn`: when the last turn began. What was due then is blocked on a socket, not on the time.
  private func wait(_ polled: inout [pollfd], _ turn: ContinuousClock.Instant) {
    let wakes = pairs.compactMap { $0.wakesAt(behaviour) }.filter { $0 > turn }.min()
    var milliseconds: Int32 = -1
    if let wakes {
      // Rounded up: nothing leaves before its time, nor is it asked for again and again.
      let left = ContinuousClock.now.duration(to: wakes) + .microseconds(999)
      milliseconds = Int32(max(0, min(left / .milliseconds(1), 3_600_000)))
    }
    let count = nfds_t(polled.count)
    // SAFETY: the array is lent with its count.
    _ = unsafe polled.withUnsafeMutableBufferPointer {
      unsafe poll($0.baseAddress, count, milliseconds)
    }
  }
}
