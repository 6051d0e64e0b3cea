import Primitives

/// Times and counts of the demo, as words.
enum DemoText {
  /// `0.4s`, `12s`: a digit behind the point below ten seconds.
  static func seconds(_ nanoseconds: Int64) -> String {
    let tenths = (max(nanoseconds, 0) + 50_000_000) / 100_000_000
    return tenths < 100 ? "\(tenths / 10).\(tenths % 10)s" : "\(tenths / 10)s"
  }

  static func seconds(_ duration: Duration) -> String { seconds(duration.nanosecondsClamped) }

  /// Milliseconds: `1.2`, `430`; a dash for nothing.
  static func milliseconds(_ microseconds: UInt64?) -> String {
    guard let microseconds else { return "-" }
    let tenths = microseconds / 100
    return tenths < 1000 ? "\(tenths / 10).\(tenths % 10)" : "\(tenths / 10)"
  }

  /// The share of what was done at all: `98%`, never rounded up to all; a dash for nothing.
  static func share(_ part: Int, of whole: Int) -> String {
    whole == 0 ? "-" : "\(part * 100 / whole)%"
  }

  /// Those that are not 0: `3 x, 1 y`.
  static func list(_ counts: [(label: String, count: Int)]) -> String {
    counts.filter { $0.count > 0 }.map { "\($0.count) \($0.label)" }.joined(separator: ", ")
  }

  /// What to try: each line works when pasted.
  static func hints(_ view: DemoView) -> [String] {
    [
      "  curl -i http://\(view.proxy)/fhir/MedicationRequest/rx-1",
      "  curl -i --json '{}' http://\(view.proxy)/fhir/MedicationRequest",
      "  curl -i 'http://\(view.proxy)/fhir/Medication?code=paracetamol'",
      "  curl -i http://\(view.proxy)/nowhere",
      "  curl 'http://\(view.admin)/upstreams?format=text'",
      "  curl http://\(view.admin)/metrics",
      "  weir top --admin \(view.admin)",
      "  weir explain --since 1m --admin \(view.admin)",
    ]
  }

  /// One line a second, for a pipe.
  static func line(_ view: DemoView) -> String {
    let latencies = view.services.map {
      "\($0.name) \(milliseconds($0.p50Microseconds))/\(milliseconds($0.p99Microseconds))"
    }
    return "\(view.elapsedSeconds)s  answered \(view.answered)  failed \(view.failed)  "
      + "\(view.perSecond)/s  p50/p99 ms: \(latencies.joined(separator: ", "))"
  }

  static func line(_ event: DemoEvents.Event) -> String { "  at \(event.time)  \(event.text)" }

  /// What is left when it has ended.
  static func summary(_ view: DemoView) -> String {
    func line(_ what: String, _ counts: [(label: String, count: Int)]) -> String {
      let list = list(counts)
      return list.isEmpty ? "" : "\n  \(what): \(list)"
    }
    let statuses = view.failures.map { status, count in
      (label: status == 0 ? "without an answer" : "with \(status)", count: count)
    }
    return "The demo ended after \(view.elapsedSeconds) s: answered \(view.answered), "
      + "failed \(view.failed)."
      + line("failed", statuses) + line("what Weir saw", view.reasons)
      + line(
        "what Weir did",
        [
          (label: "retries", count: view.retries), (label: "hedges", count: view.hedges),
          (label: "fallbacks", count: view.fallbacks), (label: "ejections", count: view.ejections),
          (label: "openings of breakers", count: view.openings),
        ])
  }
}
