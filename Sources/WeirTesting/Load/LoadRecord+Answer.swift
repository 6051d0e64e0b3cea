import Glibc

extension LoadRecord {
  /// What the head of the answer says.
  mutating func take(_ head: PlainMessage) {
    status = Int(head.startLine.split(separator: " ").dropFirst().first ?? "")
    failure = Self.failure(in: head["proxy-status"])
    endpoint = head["x-endpoint"]
  }
}

extension BlockingSocket.Failure {
  /// Nothing came, or was taken, in time.
  var isSilence: Bool { number == EAGAIN }
}
