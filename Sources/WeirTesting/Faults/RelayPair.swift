import Glibc

/// One connection through a relay: its two sockets and what is on its way between them.
///
/// Confined to the relay's thread. It ends when both streams have, when one side fails (the other
/// then sees a reset), or when its answer is cut.
final class RelayPair {
  /// Shared by the pairs of a relay: which answer is the how-manieth.
  final class AnswerCount {
    var value = 0
  }

  private let client: RawSocket
  /// nil: not opened yet, because requests are held.
  private var server: RawSocket?
  private let serverPort: UInt16
  private let answerCount: AnswerCount
  private var requests = RelayLane()
  private var answers = RelayLane()
  private var isClientTold = false
  private var isServerTold = false
  /// The server has bytes of a request whose answer has not begun.
  private var isAnswerDue = false
  private var answeredBytes = 0
  private var cut: RelayCut?
  private(set) var isOver = false

  init(_ client: RawSocket, to serverPort: UInt16, counting answerCount: AnswerCount) {
    self.client = client
    self.serverPort = serverPort
    self.answerCount = answerCount
  }

  /// Does all that can be done now.
  func advance(_ behaviour: RelayBehaviour, now: ContinuousClock.Instant) {
    if server == nil, !behaviour.requests.isHeld { server = .connecting(to: serverPort) }
    guard let server else { return }
    receive(from: client, into: &requests, behaviour.requests, now)
    receive(from: server, into: &answers, behaviour.answers, now)
    sendRequests(to: server, behaviour.requests, now)
    sendAnswers(behaviour, now)
    if isClientTold, isServerTold, !isOver { finish() }
  }

  private func receive(
    from socket: RawSocket, into lane: inout RelayLane, _ flow: RelayFlow,
    _ now: ContinuousClock.Instant
  ) {
    while !isOver, !flow.isHeld, lane.hasRoom {
      switch socket.receive() {
      case .bytes(let bytes): lane.take(bytes, now: now)
      case .end: lane.end(now: now)
      case .nothingYet: return
      case .failed: reset()
      }
    }
  }

  private func sendRequests(
    to server: RawSocket, _ flow: RelayFlow, _ now: ContinuousClock.Instant
  ) {
    while !isOver {
      let bytes = requests.leaving(flow, now: now)
      guard !bytes.isEmpty else { break }
      guard let sent = server.send(bytes) else { return reset() }
      if sent == 0 { return }
      requests.leave(sent, flow, now: now)
      isAnswerDue = true
    }
    if !isOver, !isServerTold, requests.mayEnd(flow, now: now) {
      server.shutdownSend()
      isServerTold = true
    }
  }

  private func sendAnswers(_ behaviour: RelayBehaviour, _ now: ContinuousClock.Instant) {
    while !isOver {
      var bytes = answers.leaving(behaviour.answers, now: now)
      guard !bytes.isEmpty else { break }
      if isAnswerDue { beginAnswer(behaviour.cut) }
      if let cut {
        bytes = bytes.prefix(cut.bytes - answeredBytes)
        if bytes.isEmpty { return end(by: cut.ending) }
      }
      guard let sent = client.send(bytes) else { return reset() }
      if sent == 0 { return }
      answers.leave(sent, behaviour.answers, now: now)
      answeredBytes += sent
    }
    if !isOver, !isClientTold, answers.mayEnd(behaviour.answers, now: now) {
      client.shutdownSend()
      isClientTold = true
    }
  }

  private func beginAnswer(_ rule: RelayCut?) {
    isAnswerDue = false
    answeredBytes = 0
    cut = rule.flatMap { answerCount.value % $0.every == 0 ? $0 : nil }
    answerCount.value += 1
  }

  private func end(by ending: RelayCut.Ending) {
    switch ending {
    case .reset: reset()
    case .close: finish()
    }
  }

  func reset() {
    client.reset()
    server?.reset()
    isOver = true
  }

  private func finish() {
    client.close()
    server?.close()
    isOver = true
  }

  /// When something that waits may leave.
  func wakesAt(_ behaviour: RelayBehaviour) -> ContinuousClock.Instant? {
    let times = [requests.wakesAt(behaviour.requests), answers.wakesAt(behaviour.answers)]
    return times.compactMap { $0 }.min()
  }

  /// What it waits for at its two sockets; a descriptor of -1 waits for nothing.
  func interests(_ behaviour: RelayBehaviour, now: ContinuousClock.Instant) -> [pollfd] {
    [
      Self.interest(
        client, reads: requests, behaviour.requests, writes: answers,
        behaviour.answers, now),
      Self.interest(
        server, reads: answers, behaviour.answers, writes: requests,
        behaviour.requests, now),
    ]
  }

  private static func interest(
    _ socket: RawSocket?, reads: RelayLane, _ readFlow: RelayFlow, writes: RelayLane,
    _ writeFlow: RelayFlow, _ now: ContinuousClock.Instant
  ) -> pollfd {
    var events = 0
    if reads.hasRoom, !readFlow.isHeld { events |= Int(POLLIN) }
    if !writes.leaving(writeFlow, now: now).isEmpty { events |= Int(POLLOUT) }
    let descriptor = events == 0 ? -1 : socket?.descriptor ?? -1
    return pollfd(fd: descriptor, events: Int16(events), revents: 0)
  }
}
