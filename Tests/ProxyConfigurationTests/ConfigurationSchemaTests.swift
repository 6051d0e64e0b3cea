import Foundation
import ProxyConfiguration
import Testing

struct ConfigurationSchemaTests {
  /// With `WEIR_WRITE_DOCUMENTS=1` the file is written anew instead.
  @Test func theFileIsMadeFromTheSchema() throws {
    let file = Repository.root.appending(path: "config/weir.schema.json")
    if ProcessInfo.processInfo.environment["WEIR_WRITE_DOCUMENTS"] != nil {
      try ConfigurationSchema.text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == ConfigurationSchema.text)
  }

  /// What an independent validator prints about files, and its exit code.
  private func validate(_ files: [String]) throws -> (text: String, code: Int32) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = Repository.root.appending(path: "scripts/validate")
    process.arguments = files
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }

  @Test func aValidatorTakesTheExamples() throws {
    let files = try Repository.examples.map { "\(Repository.root.path)/config/\($0)" }
    let result = try validate(files)
    #expect(result.code == 0 && result.text.isEmpty, "\(result.text)")
  }

  /// A good file, and how each fault is planted in it: what is replaced by what.
  private static let good = """
    workers: 2
    admin: { address: "127.0.0.1:9901" }
    listeners:
      - name: inbound
        address: 127.0.0.1:${PORT:-80}
        limits: { request_body: off, requests_per_connection: off }
        timeouts: { idle: 75s }
        routes:
          - match: { prefix: /fhir, method: [GET], headers: { x-tenant: cairo } }
            upstream: prescriptions
            timeout: off
            retry: { attempts: 3, on: [reset, 503] }
            rate_limit: { requests: 5, by: source }
            fallback: { respond: {} }
            fault: { reset: { share: 0.5% } }
          - match: { path: /old }
            redirect: { path: /new }
    upstreams:
      prescriptions:
        endpoints: ["127.0.0.1:1", { address: "api.ndp.test:80", weight: 2 }]
        balancing: { policy: least_request, bounded_load: off }
        circuit_breaker: { consecutive_failures: 5, failure_rate: off, window: 10s, failures: { statuses: [429, 500-599] } }
        outlier_detection: { success_rate: off, latency: {} }
        health_check: { path: /health, statuses: [204] }
    trusted_proxies: ["10.0.0.0/8"]
    telemetry: { via: true }

    """

  private static let planted: [(String, String)] = [
    ("workers: 2", "worker: 2"), ("workers: 2", "workers: 65"), ("workers: 2", "workers: two"),
    ("workers: 2", "workers: [2]"), ("127.0.0.1:9901", "nowhere"), ("name: inbound", "title: x"),
    ("request_body: off", "request_body: 5"), ("request_body: off", "request_body: 5 KiB"),
    ("per_connection: off", "per_connection: 0"), ("idle: 75s", "idle: 75"),
    ("idle: 75s", "idle: off"), ("method: [GET]", "method: GET"),
    ("prefix: /fhir,", "prefix: /fhir, path: /fhir,"), ("{ x-tenant: cairo }", "[x-tenant]"),
    ("        upstream: prescriptions\n", "        rewrite: { prefix: / }\n"),
    ("        upstream: prescriptions\n", "        upstream: prescriptions\n        respond: {}\n"),
    ("timeout: off", "timeout: never"), ("redirect: { path: /new }", "redirect: {}"),
    ("redirect: { path: /new }", "redirect: { scheme: ftp }"), ("weight: 2", "weight: 0"),
    ("endpoints: [", "endpoints: []\n    x: ["), ("least_request", "fastest"),
    ("10.0.0.0/8", "everyone"), ("via: true", "via: yes"), ("via: true", "via: 1"),
    ("attempts: 3", "attempts: 0"), ("[reset, 503]", "[reset, 600]"),
    ("[reset, 503]", "[restart]"), ("[reset, 503]", "reset"), ("requests: 5", "request: 5"),
    ("rate_limit: {", "rate_limit: [1] #"), ("by: source", "by: user"),
    ("{ respond: {} }", "{}"), ("{ respond: {} }", "{ respond: {}, upstream: prescriptions }"),
    ("0.5%", "0.5"), ("0.5%", "0.555%"), ("failure_rate: off", "failure_rate: none"),
    ("window: 10s", "window: 10s, window_calls: 50"), ("500-599", "5xx"), ("[429,", "[99,"),
    ("success_rate: off", "success_rate: on"), ("latency: {}", "latency: off"),
    ("telemetry:", "identity: {}\ntelemetry:"), ("workers: 2", "workers: 2\nsidecar: {}"),
  ]

  /// One validator run for all: it takes a moment to start.
  @Test func aValidatorRefusesWhatCheckRefuses() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var files = [folder.appending(path: "good.yaml").path]
    try Self.good.write(toFile: files[0], atomically: true, encoding: .utf8)
    #expect(throws: Never.self) { try read(Self.good) }
    for (index, (old, new)) in Self.planted.enumerated() {
      let text = Self.good.replacingOccurrences(of: old, with: new)
      #expect(text != Self.good, "nothing was planted by \(old)")
      #expect(throws: ConfigurationFaults.self, "weir check takes \(new)") { try read(text) }
      files.append(folder.appending(path: "\(index).yaml").path)
      try text.write(toFile: files[index + 1], atomically: true, encoding: .utf8)
    }
    let lines = try validate(files).text
    #expect(!lines.contains(files[0]), "\(lines)")
    for (index, (_, new)) in Self.planted.enumerated() {
      #expect(lines.contains(files[index + 1] + ": "), "the validator takes \(new)")
    }
  }

  private func read(_ text: String) throws {
    _ = try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
  }
}
