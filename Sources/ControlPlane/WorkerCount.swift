import Reactor

/// How many workers this machine, or this container, has processors for.
package enum WorkerCount {
  /// The cgroup's processor quota, rounded up, else the processors; at most 64.
  package static func decide(
    processors: Int = ThisProcess.processorCount, read: (String) -> String? = text
  ) -> Int {
    let quota = quotaV2(read) ?? quotaV1(read)
    return min(max(min(quota ?? processors, processors), 1), 64)
  }

  /// cgroup v2: `cpu.max` holds `quota period`, or `max period`.
  private static func quotaV2(_ read: (String) -> String?) -> Int? {
    guard let words = read("/sys/fs/cgroup/cpu.max")?.split(whereSeparator: \.isWhitespace),
      words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), period > 0
    else { return nil }
    return (quota + period - 1) / period
  }

  /// cgroup v1: -1 is no quota.
  private static func quotaV1(_ read: (String) -> String?) -> Int? {
    guard
      let quota = number(read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")), quota > 0,
      let period = number(read("/sys/fs/cgroup/cpu/cpu.cfs_period_us")), period > 0
    else { return nil }
    return (quota + period - 1) / period
  }

  private static func number(_ text: String?) -> Int? {
    text.flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") }
  }

  private static func text(_ path: String) -> String? {
    (try? SystemFile.read(path, upTo: 4096)).map { String(decoding: $0, as: UTF8.self) }
  }
}
