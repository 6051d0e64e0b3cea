import Foundation
import ProxyConfiguration
import Testing

/// The examples of `docs/resilience.md` are configurations that Weir takes.
struct ResiliencePageTests {
  private static var page: String { get throws { try Repository.text("docs/resilience.md") } }

  /// What stands between fences that are marked as YAML.
  private static var examples: [String] {
    get throws {
      try page.components(separatedBy: "```yaml\n").dropFirst().map { part in
        part.components(separatedBy: "```")[0]
      }
    }
  }

  /// An example in its place, which its first line names, with what else there must be.
  private static func whole(_ example: String) -> String {
    let isOfRoute = example.hasPrefix("# on a route\n")
    let route = isOfRoute ? indented(example, by: 8) : ""
    let upstream = isOfRoute ? "" : indented(example, by: 4)
    return """
      listeners:
        - name: ingress
          address: 127.0.0.1:8080
          routes:
            - match: { prefix: / }
              upstream: service
      \(route)
      upstreams:
        service:
          endpoints: ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4", "127.0.0.1:5"]
      \(upstream)
      """
  }

  private static func indented(_ text: String, by count: Int) -> String {
    text.split(separator: "\n").map { String(repeating: " ", count: count) + $0 }
      .joined(separator: "\n")
  }

  @Test func everyExampleIsGood() throws {
    let examples = try Self.examples
    #expect(examples.count > 10)
    for example in examples {
      let hasPlace = example.hasPrefix("# on a route\n") || example.hasPrefix("# on an upstream\n")
      #expect(hasPlace, "\(example)")
      do throws(ConfigurationFaults) {
        let read = try ConfigurationReader.read(
          Array(Self.whole(example).utf8), file: "f", environment: { _ in nil })
        #expect(read.warnings.isEmpty, "\(example): \(read.warnings)")
      } catch {
        Issue.record("\(example): \(error.faults)")
      }
    }
  }

  /// Each policy is explained, and shown.
  @Test(arguments: [
    "timeout", "fault", "rate_limit", "priority", "limits", "adaptive_concurrency",
    "circuit_breaker", "fallback", "balancing", "health_check", "outlier_detection",
    "endpoint_circuit_breaker", "timeouts", "retry", "hedge",
  ]) func everyPolicyHasAnExample(key: String) throws {
    let isShown = try Self.examples.contains { "\n\($0)".contains("\n\(key):") }
    #expect(isShown)
  }
}
