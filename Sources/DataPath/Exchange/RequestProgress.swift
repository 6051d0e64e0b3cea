/// How much of the request has come, and how much has gone to the endpoint.
///
/// ```
/// begin ──(passed, sent)── … ──(ended)── done
///   ▲                                      │
///   └────(rewind: another attempt)─────────┘
/// ```
///
/// Invariant: what was taken of a body is either still in the client's input, before `bodyOffset`, or
/// counted by `unrepeatableBytes`; a request is sent again only while that is 0.
struct RequestProgress {
  /// The client sends its body only when it is told to: no clock of its own runs until then.
  private(set) var awaitsContinue = false
  /// Where the body's unread bytes begin in the downstream input, behind the head.
  private(set) var bodyOffset = 0
  /// Body bytes that have left the input and cannot be sent again.
  private(set) var unrepeatableBytes: UInt64 = 0
  /// Payload that may stay in the input for another attempt; 0: none does.
  private(set) var bodyKeptMax = 0
  /// The body was to be kept, and was too long.
  private(set) var bodyOutgrew = false
  /// Payload that has gone to an endpoint.
  private(set) var bodyBytes: UInt64 = 0
  /// The whole request has been put into the upstream's output.
  private(set) var isDone = false
  /// The endpoint stopped taking the request; its answer may still come.
  private(set) var isRefused = false

  /// The head is understood and ends at `offset`.
  mutating func begin(behind offset: Int, awaitsContinue awaits: Bool) {
    bodyOffset = offset
    awaitsContinue = awaits
  }

  mutating func toldToContinue() { awaitsContinue = false }

  /// Bytes of the input, framing included, were taken.
  mutating func passed(_ count: Int) { bodyOffset += count }

  /// Payload went from the client's socket into the endpoint's output.
  mutating func passedDirectly(_ count: UInt64) { unrepeatableBytes += count }

  /// What was taken is removed from the input, in which the body begins at `offset`.
  mutating func forgetPassed(from offset: Int) {
    unrepeatableBytes += UInt64(bodyOffset - offset)
    bodyOffset = offset
  }

  /// Payload is on its way to the endpoint.
  mutating func sent(_ count: UInt64) { bodyBytes += count }

  mutating func ended() { isDone = true }

  /// The rest of the body, which nobody wants, is passed over; it ends at `offset`.
  mutating func skip(to offset: Int) {
    bodyOffset = offset
    isDone = true
  }

  mutating func attemptBegins() { isRefused = false }
  mutating func refused() { isRefused = true }

  mutating func keepBody(upTo most: Int) { bodyKeptMax = most }

  /// The body is longer than what is kept of one: no attempt follows one that has sent it.
  mutating func outgrow() {
    bodyKeptMax = 0
    bodyOutgrew = true
  }

  /// All of it is to be taken again, from `offset`, where the body begins.
  mutating func rewind(to offset: Int) {
    precondition(unrepeatableBytes == 0, "a body that is gone cannot be sent again")
    bodyOffset = offset
    bodyBytes = 0
    isDone = false
  }
}
