import Glibc

/// How threads that play clients and servers let time pass: a service that works for a while, a load
/// that keeps its rate. What a test waits for is an event: `Patience`.
public enum Pace {
  /// poll(2) without descriptors: at least that long.
  public static func wait(_ duration: Duration) {
    let end = ContinuousClock.now.advanced(by: duration)
    while true {
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero else { return }
      let milliseconds = min((left + .microseconds(999)) / .milliseconds(1), 3_600_000)
      _ = poll(nil, 0, Int32(milliseconds))
    }
  }
}
