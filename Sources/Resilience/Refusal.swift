/// Words that the refusals of this library share.
enum Refusal {
  /// `; try again in 4.2 seconds`; empty where the time is not known.
  static func again(_ retryAfter: Duration) -> String {
    retryAfter > .zero ? "; try again in \(retryAfter)" : ""
  }
}
