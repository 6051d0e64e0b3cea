import ProxyConfiguration

/// For programs. Times in microseconds (`_us`), shares in basis points (`_bp`), the time line in
/// columns, one number a sample. Equal runs give equal bytes.
extension SimulationReport {
  package var json: String {
    let first = runs.first
    return JSONValue.object([
      ("scenario", .text(first?.scenario.name ?? "")),
      ("seed", .number(Int(truncatingIfNeeded: first?.seed ?? 0))),
      ("sample_us", .number(Int(first?.sample ?? 0) / 1000)),
      ("samples", .number(first?.total.samples.count ?? 0)),
      ("runs", .list(runs.map(value))),
    ]).lines() + "\n"
  }

  private func value(_ run: SimulationRun) -> JSONValue {
    .object([
      ("policies", .text(run.label)),
      ("events", .number(run.events)),
      ("clients", .list(run.clients.map { value($0, isService: false) })),
      ("services", .list(run.services.map { value($0, isService: true) })),
    ])
  }

  private func value(_ series: Series, isService: Bool) -> JSONValue {
    var members: [(String, JSONValue)] = [("name", .text(series.name))]
    members += counts(series)
    let failures = Reason.all.filter { series.reasons[Int($0.code)] > 0 }
    members.append(
      (
        "failures",
        .object(failures.map { ($0.name, .number(series.reasons[Int($0.code)])) })
      ))
    members.append(("mean_us", .number(Int(series.whole.mean / 1000))))
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)] {
      members.append(("\(name)_us", .number(Int(series.whole.percentile(share) / 1000))))
    }
    if isService {
      members.append(("open_bp", basisPoints(series.mean(\.open))))
      members.append(("away_bp", basisPoints(series.mean(\.away))))
      members.append(("busy_bp", basisPoints(series.mean(\.busy))))
    }
    members.append(("timeline", timeline(series, isService)))
    return .object(members)
  }

  private func counts(_ series: Series) -> [(String, JSONValue)] {
    let counts = series.counts
    return [
      ("offered", counts.offered), ("good", counts.good), ("failed", counts.failed),
      ("unfinished", series.unfinished), ("attempts", counts.attempts),
      ("retries", counts.retries), ("hedges", counts.hedges), ("fallbacks", counts.fallbacks),
      ("degraded", counts.degraded), ("repeats", counts.repeats), ("openings", counts.openings),
      ("ejections", counts.ejections),
    ].map { ($0.0, .number($0.1)) }
  }

  private func timeline(_ series: Series, _ isService: Bool) -> JSONValue {
    func column(_ value: (Series.Sample) -> Int) -> JSONValue {
      .list(series.samples.map { .number(value($0)) })
    }
    var members: [(String, JSONValue)] = [
      ("offered", column(\.counts.offered)), ("good", column(\.counts.good)),
      ("failed", column(\.counts.failed)), ("p50_us", column { Int($0.p50 / 1000) }),
      ("p99_us", column { Int($0.p99 / 1000) }),
    ]
    guard isService else { return .object(members) }
    members += [
      ("attempts", column(\.counts.attempts)), ("retries", column(\.counts.retries)),
      ("open_bp", column { Self.basisPoints($0.state.open) }),
      ("half_open_bp", column { Self.basisPoints($0.state.halfOpen) }),
      ("away_bp", column { Self.basisPoints($0.state.away) }),
      ("busy_bp", column { Self.basisPoints($0.state.busy) }),
      ("queued", column(\.state.queued)),
    ]
    return .object(members)
  }

  private func basisPoints(_ share: Double) -> JSONValue { .number(Self.basisPoints(share)) }
  private static func basisPoints(_ share: Double) -> Int { Int((share * 10_000).rounded()) }
}
