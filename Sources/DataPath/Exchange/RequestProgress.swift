/// How much of the request has gone to the endpoint.
///
/// ```
/// begin ──(sent)── … ──(ended)── done
///   ▲                              │
///   └──(rewind: another attempt)───┘
/// ```
struct RequestProgress {
  /// The client sends its body only when it is told to: no clock of its own runs until then.
  private(set) var awaitsContinue = false
  /// Payload that has gone to an endpoint.
  private(set) var bodyBytes: UInt64 = 0
  /// The whole request has been put into the upstream's output.
  private(set) var isDone = false
  /// The endpoint stopped taking the request; its answer may still come.
  private(set) var isRefused = false

  /// The head is understood.
  mutating func begin(awaitsContinue awaits: Bool) { awaitsContinue = awaits }

  mutating func toldToContinue() { awaitsContinue = false }

  /// Payload is on its way to the endpoint.
  mutating func sent(_ count: UInt64) { bodyBytes += count }

  mutating func ended() { isDone = true }

  mutating func attemptBegins() { isRefused = false }
  mutating func refused() { isRefused = true }

  /// All of it is to be sent again.
  mutating func rewind() {
    bodyBytes = 0
    isDone = false
  }
}
