import ProxyConfiguration
import Testing

/// Where a value is wrong, the answer says what to write instead; what is clear enough is taken.
struct ValueHintTests {
  /// `change`: a line of the good file and what stands there instead; `hint`: how the only fault
  /// ends.
  struct Case: CustomTestStringConvertible, Sendable {
    var old: String
    var new: String
    var hint: String
    var testDescription: String { new }

    init(_ old: String, _ new: String, _ hint: String) {
      self.old = old
      self.new = new
      self.hint = hint
    }
  }

  private static let good = """
    listeners:
      - name: inbound
        address: 127.0.0.1:8080
        timeouts: { idle: 75s }
        limits: { request_body: 1MiB }
        routes:
          - match: { prefix: /fhir }
            upstream: prescriptions
    upstreams:
      prescriptions:
        endpoints: ["127.0.0.1:3001", "127.0.0.1:3002"]
        balancing: { policy: round_robin }
        circuit_breaker: { failure_rate: 50% }
    telemetry: { via: true }

    """

  private static func read(_ text: String) -> (faults: [String], configuration: Configuration?) {
    do throws(ConfigurationFaults) {
      return (
        [],
        try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
      )
    } catch {
      return (error.faults.map(\.description), nil)
    }
  }

  private static let address = "address: 127.0.0.1:8080"

  static let addresses = [
    Case(address, "address: *:28080", "write 0.0.0.0:28080"),
    Case(address, "address: \"*:28080\"", "; for every address of the machine write 0.0.0.0:28080"),
    Case(address, "address: [::1]:28080", "needs quotes; write \"[::1]:28080\""),
    Case(address, "address: 127.0.0.1", "; add a port: 127.0.0.1:8080"),
    Case(address, "address: \"::1\"", "; add a port: [::1]:8080"),
    Case(address, "address: localhost:80", "; write 127.0.0.1:80"),
    Case(address, "address: /run/weir.sock", "; for a path write unix:/run/weir.sock"),
    Case("\"127.0.0.1:3001\", ", "[::1]:3001, ", "needs quotes; write \"[::1]:3001\""),
    Case("\"127.0.0.1:3001\", ", "10.0.0.1, ", "; add the port: 10.0.0.1:80"),
  ]

  static let quantities = [
    Case("idle: 75s", "idle: 3 seconds", "; write 3s"),
    Case("idle: 75s", "idle: 3S", "; write 3s"),
    Case("idle: 75s", "idle: 2min", "; write 2m"),
    Case("idle: 75s", "idle: 1 hour", "; write 1h"),
    Case("idle: 75s", "idle: 250 ms", "; write 250ms"),
    Case("idle: 75s", "idle: 1d", "; write 24h"),
    Case("1MiB", "1M", "; write 1MiB"),
    Case("1MiB", "64 KB", "; write 64KiB"),
    Case("50%", "50 %", "; add the sign: 50%"),
    Case("50%", "0.5", "; write 50%"),
    Case("via: true", "via: yes", "; write true"),
    Case("via: true", "via: True", "; write true"),
  ]

  static let words = [
    Case("round_robin", "roundrobin", "; write round_robin"),
    Case("round_robin", "RoundRobin", "; write round_robin"),
    Case("round_robin", "least-request", "; write least_request"),
    Case("round_robin", "leastconn", "; write least_request"),
    Case("round_robin", "maglve", "; did you mean maglev?"),
    Case("prefix: /fhir", "prefix: fhir", "; write /fhir"),
    Case("prefix: /fhir", "prefix: http://a.test/fhir?x=1", "; write /fhir"),
    // The cause, and no fault that follows from it.
    Case("upstream: prescriptions", "upstraem: prescriptions", "did you mean upstream?"),
    Case("upstreams:", "upstraems:", "did you mean upstreams?"),
    Case("listeners:", "listener:", "did you mean listeners?"),
    Case("endpoints: [", "endpoint: [", "did you mean endpoints?"),
    Case("upstream: prescriptions", "upstream: [prescriptions]", "this is a list"),
  ]

  @Test(arguments: addresses + quantities + words)
  func saysWhatToWrite(test: Case) {
    let text = Self.good.replacing(test.old, with: test.new, maxReplacements: 1)
    #expect(text != Self.good)
    let faults = Self.read(text).faults
    #expect(faults.count == 1, "\(faults)")
    #expect(faults.first?.hasSuffix(test.hint) == true, "\(faults)")
  }

  @Test(arguments: [
    ("1m30s", Duration.seconds(90)), ("0.5s", .milliseconds(500)), ("1.5h", .seconds(5400)),
    ("1h0m5s", .seconds(3605)), ("1s500ms", .milliseconds(1500)), ("2m", .seconds(120)),
  ])
  func takesDurationsThatAreClear(written: String, meant: Duration) {
    let text = Self.good.replacing("idle: 75s", with: "idle: \(written)")
    let (faults, configuration) = Self.read(text)
    #expect(configuration?.listeners.first?.idleTimeout == meant, "\(faults)")
  }

  @Test(arguments: ["1s1m", "1.s", ".5s", "1s1s", "1.5.5s", "-1s", "s", "1e3s", "99999999999999h"])
  func refusesDurationsThatAreNot(written: String) {
    #expect(Scalars.duration(written) == nil)
    #expect(Self.read(Self.good.replacing("idle: 75s", with: "idle: \(written)")).faults.count == 1)
  }

  @Test func knowsAScenario() {
    let scenario = "duration: 10s\nclients: {}\nservices: { a: {} }\n"
    let faults = Self.read(scenario).faults
    #expect(faults.count == 1 && faults[0].hasSuffix("run it with weir simulate"), "\(faults)")
    do throws(ConfigurationFaults) {
      _ = try ScenarioReader.read(Array(Self.good.utf8), file: "f")
      Issue.record("it is no scenario")
    } catch {
      #expect(
        error.faults.map(\.message)
          == ["this is a configuration of the proxy, not a scenario; check it with weir check"])
    }
  }
}
