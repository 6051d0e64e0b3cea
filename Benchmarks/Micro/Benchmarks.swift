import Benchmark

/// Found by the package's generated main. Each iteration is a thousand operations.
/// Names without spaces: thresholds are written with underscores in their place, and not found again.
let benchmarks: @Sendable () -> Void = {
  // SAFETY: set once, before any benchmark runs.
  unsafe Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], timeUnits: .nanoseconds, warmupIterations: 20,
    scalingFactor: .kilo, maxDuration: .seconds(2), maxIterations: 5_000,
    thresholds: [.wallClock: BenchmarkThresholds(relative: [.p90: 50.0])])
  CodecBenchmarks.register()
  MachineBenchmarks.register()
  ResilienceBenchmarks.register()
}
