/// How much of the request has come, and how much has gone to the endpoint.
///
/// Invariant: `isDone` follows from the request's end alone; what was taken of a body is either behind
/// `bodyOffset` in the client's input, to be sent again, or counted by `unrepeatableBytes`.
struct RequestProgress {
  /// The client sends its body only when it is told to: no clock of its own runs until then.
  var awaitsContinue = false
  /// Where the body's unread bytes begin in the downstream input, behind the head.
  var bodyOffset = 0
  /// Body bytes that have left the input and cannot be sent again.
  var unrepeatableBytes: UInt64 = 0
  /// Payload that may stay in the input for another attempt; 0: none does.
  var bodyKeptMax = 0
  /// The body was to be kept, and was too long.
  var bodyOutgrew = false
  /// Payload that has gone to an endpoint.
  var bodyBytes: UInt64 = 0
  /// The whole request has been put into the upstream's output.
  var isDone = false
  /// The endpoint stopped taking the request; its answer may still come.
  var isRefused = false
}
