import Primitives

/// How much of the answer has come from the endpoint, and how much is on its way to the client.
///
/// ```
/// nothing ──(interim)── nothing ──(headArrived, begin)── hasBegun ──(sent)── … ──(ended)── isDone
///    ▲                                                      │
///    └──────────────(takeBack: none of it has left)─────────┘
/// ```
///
/// An answer of ours begins by `replyBegins`, a tunnel by `upgraded`.
struct AnswerProgress {
  /// A final head has been put into the downstream output.
  private(set) var hasBegun = false
  /// Bytes of the 1xx heads of this answer.
  private(set) var interimBytes = 0
  /// A 101 stands in the input, whose turn comes when the request's last byte has gone.
  private(set) var holdsUpgrade = false
  /// Its last byte has been put into the downstream output.
  private(set) var isDone = false
  /// Payload that has been put into the downstream output.
  private(set) var bodyBytes: UInt64 = 0
  /// The endpoint switched protocols: what follows is a tunnel.
  private(set) var isUpgraded = false
  private(set) var tunnelEnds: TunnelEnds = []
  /// When the final head was there; nil: it was not.
  private(set) var headAt: Instant?
  /// How many bytes of the body a fault lets through now.
  private(set) var paceBytes = Int.max

  /// What comes is another answer.
  mutating func attemptBegins() {
    interimBytes = 0
    holdsUpgrade = false
  }

  mutating func interim(_ bytes: Int) { interimBytes += bytes }
  mutating func headArrived(_ now: Instant) { headAt = now }

  /// Its head is in the client's output.
  mutating func begin() { hasBegun = true }

  mutating func replyBegins() { hasBegun = true }

  /// Nothing of it has left: the client may be told what failed, or given another.
  mutating func takeBack() {
    hasBegun = false
    bodyBytes = 0
  }

  /// The answer broke off before its client had any of it.
  mutating func forgetHead() { headAt = nil }

  /// A fault lets so many bytes through until it is asked again.
  mutating func allow(_ bytes: Int) { paceBytes = bytes }

  @inline(__always)
  mutating func sent(_ count: Int) {
    bodyBytes += UInt64(count)
    if paceBytes != .max { paceBytes -= count }
  }

  mutating func ended() { isDone = true }

  // MARK: A tunnel

  mutating func holdUpgrade(_ holds: Bool) { holdsUpgrade = holds }

  mutating func upgraded(_ now: Instant) {
    hasBegun = true
    headAt = now
    isUpgraded = true
  }

  mutating func ended(_ end: TunnelEnds) { tunnelEnds.insert(end) }
}
