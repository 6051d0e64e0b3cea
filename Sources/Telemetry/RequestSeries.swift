import Primitives

/// `weir_requests_total`, `weir_grpc_requests_total` and `weir_request_duration_seconds` of one listener, route and upstream on
/// one loop.
///
/// The series of a code and a reason is made when it first occurs. Bounded: reasons are a closed
/// table, and a code that is not registered counts under its class (`StatusLabel`), since an
/// endpoint could answer any of 500. Cost: a look through the first few, a hash behind them.
package final class RequestSeries {
  private static let scannedMax = 8
  private let registry: MetricRegistry
  private let shard: MetricShard
  private let counters: MetricFamily
  private let labels: [String]
  private let durations: Int
  /// By the status's code, and one for a number that is none of gRPC's; empty until there is a call.
  private var grpcSlots: [Int] = []
  /// The first that occurred, which are nearly all that do.
  private var known: [(key: UInt32, slot: Int)] = []
  private var others: [UInt32: Int] = [:]

  /// Any thread; afterwards the shard's loop only, which must have called `shard.reserve`.
  package init(
    _ registry: MetricRegistry, _ shard: MetricShard, listener: String, route: String,
    upstream: String
  ) {
    self.registry = registry
    self.shard = shard
    labels = [listener, route, upstream]
    counters = registry.family(
      "weir_requests_total", .counter,
      help: "Requests that ended, by what the client was answered and why.",
      labels: ["listener", "route", "upstream", "code", "reason"])
    let family = registry.family(
      "weir_request_duration_seconds", .histogram(HistogramBounds.requests),
      help: "Time from a request's first byte to the last byte of its answer.",
      labels: ["listener", "route", "upstream"])
    durations = registry.series(family, labels)
  }

  package func record(status: UInt16, failure: FailureKind?, nanoseconds: Int64) {
    let key = UInt32(status) << 8 | (failure.map { UInt32($0.rawValue) + 1 } ?? 0)
    shard.add(slot(key, status, failure))
    shard.observe(durations, nanoseconds, bounds: HistogramBounds.requests)
  }

  /// A call of gRPC has ended; nil: with a number that is none of gRPC's.
  package func recordGRPC(_ status: GRPCStatus?) {
    if grpcSlots.isEmpty { makeGRPCSlots() }
    shard.add(grpcSlots[status.map { Int($0.rawValue) } ?? GRPCStatus.allCases.count])
  }

  /// All at once, so that a rate of failures begins at 0 and not at the first.
  private func makeGRPCSlots() {
    let family = registry.family(
      "weir_grpc_requests_total", .counter,
      help: "Calls of gRPC that ended, by the status that the client was told.",
      labels: ["listener", "route", "upstream", "grpc_status"])
    let statuses: [GRPCStatus?] = GRPCStatus.allCases + [nil]
    grpcSlots = statuses.map { registry.series(family, labels + ["\(Self.grpcLabel($0))"]) }
    shard.reserve(registry.slotCount)
  }

  package static func grpcLabel(_ status: GRPCStatus?) -> StaticString { status?.name ?? "OTHER" }

  private func slot(_ key: UInt32, _ status: UInt16, _ failure: FailureKind?) -> Int {
    for entry in known where entry.key == key { return entry.slot }
    if let slot = others[key] { return slot }
    let slot = registry.series(
      counters, labels + [StatusLabel.text(status), failure?.name ?? "none"])
    shard.reserve(registry.slotCount)
    if known.count < Self.scannedMax { known.append((key, slot)) } else { others[key] = slot }
    return slot
  }
}
