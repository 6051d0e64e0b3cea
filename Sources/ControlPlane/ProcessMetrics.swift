import DataPath
import Primitives
import Reactor
import Telemetry
import Upstreams

/// The `process_` metrics that every Prometheus client has, and what was built. Any thread.
final class ProcessMetrics: Sendable {
  private let shared = Lock(MetricShard())
  private let cpu: Int
  private let resident: Int
  private let virtual: Int
  private let descriptors: Int
  private let descriptorsMax: Int
  private let start: Int
  private let threads: Int
  private let reloads: Int
  private let reloadsRefused: Int
  private let isReloadGood: Int
  private let logLinesLost: Int
  private let logWriteFailures: Int
  private let shares: [String: Int]
  private let uses: [Int]

  init(_ registry: MetricRegistry, version: String, descriptorLimit: Int?, startedAt: Int64) {
    func slot(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ isDuration: Bool = false)
      -> Int
    {
      registry.series(registry.family(name, kind, help: help, isDuration: isDuration))
    }
    cpu = slot("process_cpu_seconds_total", .counter, "Processor time, user and system.", true)
    resident = slot("process_resident_memory_bytes", .gauge, "Resident memory.")
    virtual = slot("process_virtual_memory_bytes", .gauge, "Virtual memory.")
    descriptors = slot("process_open_fds", .gauge, "Open descriptors.")
    descriptorsMax = slot("process_max_fds", .gauge, "Most descriptors that may be open.")
    start = slot(
      "process_start_time_seconds", .gauge, "Start of the process since 1970.", true)
    threads = slot("process_threads", .gauge, "Threads.")
    reloads = slot(
      "weir_config_reloads_total", .counter, "Configurations that were loaded anew.")
    reloadsRefused = slot(
      "weir_config_reloads_refused_total", .counter,
      "Reloads that failed; the configuration from before stays.")
    isReloadGood = slot(
      "weir_config_last_reload_good", .gauge, "0 after a reload that was refused, else 1.")
    logLinesLost = slot(
      WorkerMetrics.logLinesDropped.name, .counter, WorkerMetrics.logLinesDropped.help)
    logWriteFailures = slot(
      "weir_access_log_write_failures_total", .counter,
      "Writes of log lines that failed, or that nobody read in time.")
    let shareFamily = registry.family(
      "weir_descriptors_max", .gauge, help: "Descriptors that a use may take.", labels: ["use"])
    shares = Dictionary(
      uniqueKeysWithValues: DescriptorPlan.uses.map { ($0, registry.series(shareFamily, [$0])) })
    let useFamily = registry.family(
      "weir_descriptors_used", .gauge, help: "Descriptors that a use has taken.", labels: ["use"])
    uses = DescriptorBudget.Use.allCases.map { registry.series(useFamily, [$0.rawValue]) }
    let build = registry.series(
      registry.family(
        "weir_build_info", .gauge, help: "What is running.", labels: ["version"]), [version])
    let (good, most, start) = (isReloadGood, descriptorsMax, start)
    shared.withLock { shard in
      shard.reserve(registry.slotCount)
      shard.set(build, 1)
      shard.set(good, 1)
      shard.set(most, UInt64(descriptorLimit ?? 0))
      shard.set(start, UInt64(startedAt))
    }
  }

  func reloaded(_ isGood: Bool) {
    shared.withLock { shard in
      shard.add(isGood ? reloads : reloadsRefused)
      shard.set(isReloadGood, isGood ? 1 : 0)
    }
  }

  func plan(_ plan: DescriptorPlan) {
    shared.withLock { shard in
      for (use, most) in plan.shares {
        if let slot = shares[use] { shard.set(slot, UInt64(most)) }
      }
    }
  }

  /// Reads /proc; for Dispatch.
  func scrape(_ log: LogSink?, _ budget: DescriptorBudget) -> [UInt64] {
    shared.withLock { read(log, budget, into: $0) }
  }

  private func read(
    _ log: LogSink?, _ budget: DescriptorBudget, into shard: MetricShard
  ) -> [UInt64] {
    for (slot, use) in zip(uses, DescriptorBudget.Use.allCases) {
      shard.set(slot, UInt64(budget.used(use)))
    }
    shard.set(logLinesLost, log?.linesLost ?? 0)
    shard.set(logWriteFailures, log?.writeFailures ?? 0)
    guard let bytes = try? SystemFile.read("/proc/self/stat", upTo: 4096) else {
      return shard.values
    }
    // Behind the name, which may hold anything but ends at the last parenthesis (proc(5)).
    let text = String(decoding: bytes, as: UTF8.self)
    let words = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
    func number(_ field: Int) -> UInt64 {
      field - 2 < words.count ? UInt64(words[field - 2]) ?? 0 : 0
    }
    let ticks = number(14) + number(15)
    shard.set(cpu, ticks * (1_000_000_000 / UInt64(ThisProcess.clockTicksPerSecond)))
    shard.set(threads, number(20))
    shard.set(virtual, number(23))
    shard.set(resident, number(24) * UInt64(ThisProcess.pageBytes))
    shard.set(descriptors, UInt64(SystemFile.entryCount("/proc/self/fd")))
    return shard.values
  }
}
