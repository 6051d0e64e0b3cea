/// Bucket bounds, in nanoseconds.
package enum HistogramBounds {
  /// 0.5 ms to 60 s: Prometheus' default buckets, with finer ones below 5 ms, where a sidecar's
  /// neighbours answer, and longer ones for the 15 s route timeout.
  package static let requests: [UInt64] = [
    500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
    250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    30_000_000_000, 60_000_000_000,
  ]

  /// A loop's turn: 10 µs to 100 ms.
  package static let turns: [UInt64] = [
    10_000, 50_000, 100_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 50_000_000,
    100_000_000,
  ]
}
