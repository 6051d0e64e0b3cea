import Primitives

/// How much of the answer has come from the endpoint, and how much is on its way to the client.
///
/// ```
/// nothing ──(interim heads)── nothing ──(final head)── hasBegun ──(last byte)── isDone
///    ▲                                                    │
///    └──────────(it broke off before any byte left)───────┘
/// ```
struct AnswerProgress {
  /// A final head has been put into the downstream output.
  var hasBegun = false
  /// Where in all that the client was ever sent the answer begins.
  var start: UInt64 = 0
  /// Bytes of the 1xx heads of this answer.
  var interimBytes = 0
  /// A 101 stands in the input, whose turn comes when the request's last byte has gone.
  var holdsUpgrade = false
  /// Its last byte has been put into the downstream output.
  var isDone = false
  /// The answer to the client is sent in chunks.
  var isChunked = false
  /// Payload that has been put into the downstream output.
  var bodyBytes: UInt64 = 0
  /// The endpoint switched protocols: what follows is a tunnel.
  var isUpgraded = false
  var tunnelEnds: TunnelEnds = []
  /// When the final head was there; nil: it was not.
  var headAt: Instant?
  /// How many bytes of the body a fault lets through now.
  var paceBytes = Int.max
}
