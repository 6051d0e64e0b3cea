import Reactor

/// How many workers this machine, or this container, has processors for.
package enum WorkerCount {
  /// The smallest processor quota of the cgroups that the process is in, rounded up, else the
  /// processors it may run on; at most 64.
  package static func decide(
    processors: Int = ThisProcess.processorCount, read: (String) -> String? = text
  ) -> Int {
    let groups = read("/proc/self/cgroup") ?? ""
    var quotas = ancestors(path(ofV2: groups)).compactMap { quotaV2($0, read) }
    quotas += ancestors(path(ofV1: groups)).compactMap { quotaV1($0, read) }
    return min(max(min(quotas.min() ?? processors, processors), 1), 64)
  }

  /// `0::/a/b` (cgroups(7)).
  private static func path(ofV2 groups: String) -> Substring {
    groups.split(separator: "\n").first { $0.hasPrefix("0::") }?.dropFirst(3) ?? "/"
  }

  /// `4:cpu,cpuacct:/a/b`.
  private static func path(ofV1 groups: String) -> Substring {
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      if parts.count == 3, parts[1].split(separator: ",").contains("cpu") { return parts[2] }
    }
    return "/"
  }

  /// `/a/b`, `/a` and the root as an empty path: a quota binds all that is below it. Where the group
  /// lies outside of what is mounted here (a `..`), the root alone.
  private static func ancestors(_ path: Substring) -> [String] {
    let names = path.split(separator: "/")
    guard !names.contains("..") else { return [""] }
    return (0...names.count).map { count in names.prefix(count).map { "/" + $0 }.joined() }
  }

  /// cgroup v2: `cpu.max` holds `quota period`, or `max period`.
  private static func quotaV2(_ group: String, _ read: (String) -> String?) -> Int? {
    guard let words = read("/sys/fs/cgroup\(group)/cpu.max")?.split(whereSeparator: \.isWhitespace),
      words.count == 2, let quota = Int(words[0]), let period = Int(words[1])
    else { return nil }
    return processors(quota, period)
  }

  /// cgroup v1: -1 is no quota.
  private static func quotaV1(_ group: String, _ read: (String) -> String?) -> Int? {
    let folder = "/sys/fs/cgroup/cpu\(group)"
    guard let quota = number(read("\(folder)/cpu.cfs_quota_us")),
      let period = number(read("\(folder)/cpu.cfs_period_us"))
    else { return nil }
    return processors(quota, period)
  }

  private static func processors(_ quota: Int, _ period: Int) -> Int? {
    guard quota > 0, period > 0 else { return nil }
    return (quota - 1) / period + 1
  }

  private static func number(_ text: String?) -> Int? {
    text.flatMap { Int($0.split(whereSeparator: \.isWhitespace).first ?? "") }
  }

  private static func text(_ path: String) -> String? {
    (try? SystemFile.read(path, upTo: 4096)).map { String(decoding: $0, as: UTF8.self) }
  }
}
