/// What the demo shows: on a terminal a screen that is drawn again each second, else lines.
enum DemoScreen {
  struct Endpoint: Sendable {
    var name: String
    var address: String
    var perSecond: Int
    var inFlight: Int
    var connections: Int

    /// What the proxy has to do with it now.
    var state: String { inFlight > 0 ? "busy" : connections > 0 ? "idle" : "unused" }
  }

  struct Service: Sendable {
    var name: String
    var perSecond: Int
    var p50Microseconds: UInt64?
    var p99Microseconds: UInt64?
    var endpoints: [Endpoint]
  }

  struct View: Sendable {
    var proxy: String
    var admin: String
    var elapsedSeconds: Int
    var answered: Int
    var failures: Int
    var services: [Service]

    var perSecond: Int { services.reduce(0) { $0 + $1.perSecond } }
  }

  /// What to try: each line works when pasted.
  static func hints(_ view: View) -> [String] {
    [
      "Weir demo: three services behind one proxy. Try these in another terminal:",
      "",
      "  curl -i http://\(view.proxy)/fhir/MedicationRequest/rx-1",
      "  curl -i --json '{}' http://\(view.proxy)/fhir/MedicationRequest",
      "  curl -i 'http://\(view.proxy)/fhir/Medication?code=paracetamol'",
      "  curl -i http://\(view.proxy)/nowhere",
      "  curl 'http://\(view.admin)/upstreams?format=text'",
      "  curl http://\(view.admin)/metrics",
    ]
  }

  /// One line a second, for a pipe.
  static func line(_ view: View) -> String {
    let latencies = view.services.map {
      "\($0.name) \(milliseconds($0.p50Microseconds))/\(milliseconds($0.p99Microseconds))"
    }
    return "\(view.elapsedSeconds)s  answered \(view.answered)  failed \(view.failures)  "
      + "\(view.perSecond)/s  p50/p99: \(latencies.joined(separator: ", "))"
  }

  /// What is left when it has ended.
  static func summary(_ view: View) -> String {
    "The demo ended after \(view.elapsedSeconds) s: answered \(view.answered), "
      + "failed \(view.failures)."
  }

  /// All that fits `rows` lines of `columns`, the most useful first.
  static func screen(_ view: View, columns: Int, rows: Int) -> String {
    var lines = hints(view)
    lines.append("")
    lines.append(
      "\(view.elapsedSeconds)s  answered \(view.answered)  failed \(view.failures)  "
        + "\(view.perSecond)/s  admin http://\(view.admin)  Control-C ends it")
    lines.append(row("service", "req/s", "p50", "p99", "address", "state"))
    for service in view.services {
      lines.append(
        row(
          service.name, "\(service.perSecond)", milliseconds(service.p50Microseconds),
          milliseconds(service.p99Microseconds), "", ""))
      for endpoint in service.endpoints {
        lines.append(
          row(
            "  \(endpoint.name)", "\(endpoint.perSecond)", "", "", endpoint.address, endpoint.state
          ))
      }
    }
    // Hints wrap, so that they can be pasted; what does not fit below them is left out.
    var shown: [String] = []
    var used = 0
    for (index, line) in lines.enumerated() {
      let isHint = index < hints(view).count
      let height = isHint ? max(1, (line.count + columns - 1) / columns) : 1
      used += height
      if used > rows { break }
      shown.append((isHint ? line : String(line.prefix(columns))) + "\u{1B}[K")
    }
    return "\u{1B}[H" + shown.joined(separator: "\r\n") + "\u{1B}[J"
  }

  /// The other screen, without a cursor, so that what stood there before comes back at the end.
  static let enter = "\u{1B}[?1049h\u{1B}[?25l"
  static let leave = "\u{1B}[?25h\u{1B}[?1049l"

  private static func row(
    _ name: String, _ rate: String, _ p50: String, _ p99: String, _ address: String,
    _ state: String
  ) -> String {
    let cells = [left(name, 24), right(rate, 5), right(p50, 9), right(p99, 9)]
    return cells.joined(separator: " ") + "  " + left(address, 16) + state
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  private static func milliseconds(_ microseconds: UInt64?) -> String {
    microseconds.map { "\($0 / 1000).\($0 / 100 % 10) ms" } ?? "-"
  }
}
