import Glibc

/// Waiting of threads that play clients and servers: for a time, or until something holds.
enum Pace {
  /// poll(2) without descriptors: at least that long.
  static func wait(_ duration: Duration) {
    let end = ContinuousClock.now.advanced(by: duration)
    while true {
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero else { return }
      let milliseconds = min((left + .microseconds(999)) / .milliseconds(1), 3_600_000)
      _ = poll(nil, 0, Int32(milliseconds))
    }
  }

  /// Asks each millisecond until `condition` holds; false: it did not within `limit`.
  static func wait(atMost limit: Duration, until condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    while !condition() {
      guard ContinuousClock.now < end else { return false }
      wait(.milliseconds(1))
    }
    return true
  }
}
