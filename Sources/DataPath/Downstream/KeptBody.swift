/// Where a request's body stands in the input of an HTTP/1.1 connection, and how much of what was taken
/// of it is still there.
///
/// Invariant: what was taken of a body is either still in the input, before `offset`, or counted by
/// `unrepeatableBytes`; a request is sent again only while that is 0.
struct KeptBody {
  /// Where the body's unread bytes begin, behind the head.
  private(set) var offset = 0
  /// Body bytes that have left the input and cannot be sent again.
  private(set) var unrepeatableBytes: UInt64 = 0
  /// Payload that may stay for another attempt; 0: none does.
  private(set) var bytesMax = 0
  /// The body was to be kept, and was too long.
  private(set) var outgrew = false

  /// The head is understood and ends at `offset`.
  init(behind offset: Int = 0) { self.offset = offset }

  /// Bytes of the input, framing included, were taken.
  mutating func passed(_ count: Int) { offset += count }

  /// Payload went from the client's socket into the endpoint's output.
  mutating func passedDirectly(_ count: UInt64) { unrepeatableBytes += count }

  /// What was taken is removed from the input, in which the body begins at `start`.
  mutating func forgetPassed(from start: Int) {
    unrepeatableBytes += UInt64(offset - start)
    offset = start
  }

  /// The rest of the body, which nobody wants, is passed over; it ends at `end`.
  mutating func skip(to end: Int) { offset = end }

  mutating func keep(upTo most: Int) { bytesMax = most }

  /// The body is longer than what is kept of one: no attempt follows one that has sent it.
  mutating func outgrow() {
    bytesMax = 0
    outgrew = true
  }

  /// All of it is to be taken again, from `start`, where the body begins.
  mutating func rewind(to start: Int) {
    precondition(unrepeatableBytes == 0, "a body that is gone cannot be sent again")
    offset = start
  }
}
