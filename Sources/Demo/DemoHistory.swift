/// A service's last minute, a figure a second, as lines of eighths of a block.
struct DemoHistory: Sendable {
  static let seconds = 60
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  private(set) var successes: [Int] = []
  private(set) var failures: [Int] = []
  /// Microseconds; 0: there was no answer.
  private(set) var p99: [Int] = []

  /// Takes the second that `traffic` ended last.
  mutating func add(_ traffic: DemoTraffic) {
    Self.append(traffic.lastSecond.successes, to: &successes)
    Self.append(traffic.lastSecond.failures, to: &failures)
    Self.append(Int(traffic.latencies.percentile(99) ?? 0), to: &p99)
  }

  private static func append(_ value: Int, to values: inout [Int]) {
    if values.count == seconds { values.removeFirst() }
    values.append(value)
  }

  /// The latest last, at most `width` of them, against the greatest among them: a blank for nothing.
  static func spark(_ values: [Int], width: Int) -> String {
    let shown = values.suffix(max(width, 0))
    let most = shown.max() ?? 0
    return String(
      shown.map { value -> Character in
        guard value > 0, most > 0 else { return " " }
        return blocks[min(value * blocks.count / (most + 1), blocks.count - 1)]
      })
  }
}
