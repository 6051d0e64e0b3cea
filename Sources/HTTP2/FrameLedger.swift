import Primitives

/// Counts the frames of a connection that cost us more than they cost the peer.
///
/// Why by frame and not by work: each is cheap for who sends it, is answered or looked at by us, and
/// carries nothing that a request needs so often. Pure: `now` is passed in. Cost: O(1).
struct FrameLedger {
  private let limits: SessionLimits
  private var resets: Allowance
  private var streamErrors: Allowance
  private var settings: Allowance
  private var pings: Allowance
  private var emptyData: Allowance
  private var unknownFrames: Allowance
  private var continuations = 0
  private var streamsOpened = 0
  private var priorities = 0
  private var windowUpdates = 0
  private var dataSent = 0

  init(_ limits: SessionLimits) {
    self.limits = limits
    resets = Allowance(limits.resets)
    streamErrors = Allowance(limits.streamErrors)
    settings = Allowance(limits.settings)
    pings = Allowance(limits.pings)
    emptyData = Allowance(limits.emptyData)
    unknownFrames = Allowance(limits.unknownFrames)
  }

  /// A frame's header has come; what the connection ends by, if it is one too many.
  mutating func began(_ type: UInt8, _ now: Instant) -> SessionFault? {
    switch type {
    case FrameType.data: pings.grant()
    case FrameType.headers: continuations = 0
    case FrameType.priority:
      priorities += 1
      if priorities > limits.prioritiesPerStream * (streamsOpened + 1) { return .priorityFlood }
    case FrameType.resetStream: if !resets.take(now) { return .rapidReset }
    case FrameType.settings, FrameType.goAway, FrameType.pushPromise:
      if !settings.take(now) { return .settingsFlood }
    case FrameType.ping: if !pings.take(now) { return .pingFlood }
    case FrameType.windowUpdate:
      windowUpdates += 1
      // Envoy's formula: what a stream needs to begin, and what its DATA frames may be answered by.
      let most = 5 + 2 * (streamsOpened + limits.windowUpdatesPerData * dataSent)
      if windowUpdates > most { return .windowUpdateFlood }
    case FrameType.continuation:
      continuations += 1
      if continuations > limits.continuationsMax { return .continuationFlood }
    default: if !unknownFrames.take(now) { return .unknownFrameFlood }
    }
    return nil
  }

  mutating func streamOpened() { streamsOpened += 1 }

  mutating func sentData() {
    dataSent += 1
    pings.grant()
  }

  /// DATA without payload that ends nothing.
  mutating func emptyDataCame(_ now: Instant) -> SessionFault? {
    emptyData.take(now) ? nil : .emptyDataFlood
  }

  /// We had to reset a stream for what the peer sent.
  mutating func streamErred(_ now: Instant) -> SessionFault? {
    streamErrors.take(now) ? nil : .streamErrors
  }
}
