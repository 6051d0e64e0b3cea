import Foundation
import Primitives
import ProxyConfiguration
import Testing

struct ConfigurationReaderTests {
  private func read(_ text: String, _ environment: [String: String] = [:]) throws -> Configuration {
    try ConfigurationReader.read(Array(text.utf8), file: "f.yaml", environment: { environment[$0] })
  }

  private func faults(_ text: String) -> [String] {
    do {
      _ = try read(text)
      return []
    } catch let error as ConfigurationFaults {
      return error.faults.map(\.description)
    } catch {
      return ["\(error)"]
    }
  }

  private static let listener = """
    listeners:
      - name: a
        address: 127.0.0.1:${PORT:-80}
        routes: [{ match: { prefix: / }, upstream: u }]
    upstreams:
      u: { endpoints: [127.0.0.1:1] }

    """

  @Test func givesDefaultsAndVariables() throws {
    let plain = try read(Self.listener)
    #expect(plain.listeners[0].address.port == 80)
    #expect(plain.listeners[0].routes[0].timeout == .seconds(15))
    #expect(plain.upstreams[0].connectionsMax == 1024)
    #expect(plain.drainTimeout == .seconds(25))
    #expect(try read(Self.listener, ["PORT": "81"]).listeners[0].address.port == 81)
  }

  @Test func findsEveryFaultWithItsPlace() {
    let found = faults(
      """
      worker: 2
      listeners:
        - name: a
          address: nowhere
          routes: [{ match: { prefix: x }, upstream: v }]
      upstreams:
        u: { endpoints: [127.0.0.1:1], timeouts: { connect: 5 } }
      identity: {}
      """)
    #expect(found.count == 6, "\(found)")
    #expect(found[0] == "f.yaml:1:1: unknown key worker at the top; did you mean workers?")
    #expect(found.contains { $0.hasPrefix("f.yaml:4:14: listeners[0].address must be an address") })
    #expect(
      found.contains { $0.contains("f.yaml:7:55: upstreams.u.timeouts.connect must be a duration") }
    )
    #expect(found.contains { $0.contains("identity is not built yet") })
  }

  @Test(arguments: [
    "a: [", "a: &x 1", "a: *x", "a: 1\na: 2", "--- 1\n--- 2", "", "\t- x", "a: !!int 1",
    "listeners: \(String(repeating: "[", count: 100))",
  ])
  func refusesWhatIsNotAConfiguration(text: String) {
    #expect(!faults(text).isEmpty)
  }

  @Test(arguments: [204, 205, 304])
  func refusesABodyWithAStatusThatHasNone(status: Int) throws {
    func configuration(_ respond: String) -> String {
      """
      listeners:
        - name: a
          address: 127.0.0.1:80
          routes: [{ match: { prefix: / }, respond: \(respond) }]
      """
    }
    let found = faults(configuration("{ status: \(status), body: text }"))
    #expect(found.count == 1, "\(found)")
    #expect(
      found.first?.contains("f.yaml:4:68: an answer with status \(status) has no body") == true,
      "\(found)")
    #expect(found.first?.contains("leave body out") == true)
    #expect(faults(configuration("{ status: \(status) }")).isEmpty)
  }

  /// Damage of any kind gives faults, never a crash.
  @Test func survivesDamage() {
    var random = RandomSource(seed: 11)
    let good = Array(Self.listener.utf8)
    var refused = 0
    for _ in 0..<3000 {
      var bytes = good
      for _ in 0...random.below(4) {
        bytes[Int(random.below(UInt32(bytes.count)))] = UInt8(truncatingIfNeeded: random.next())
      }
      do {
        _ = try ConfigurationReader.read(bytes, file: "f", environment: { _ in nil })
      } catch {
        refused += 1
      }
    }
    #expect(refused > 1000)
  }

  /// The same of files with every policy in them.
  @Test(arguments: ["resilience", "balancing", "protection"])
  func policiesSurviveDamage(file: String) throws {
    var random = RandomSource(seed: 12)
    let good = Array(try Repository.text("config/\(file).yaml").utf8)
    var refused = 0
    for _ in 0..<200 {
      var bytes = good
      for _ in 0...random.below(4) {
        bytes[Int(random.below(UInt32(bytes.count)))] = UInt8(truncatingIfNeeded: random.next())
      }
      do {
        _ = try ConfigurationReader.read(bytes, file: "f", environment: { _ in nil })
      } catch {
        refused += 1
      }
    }
    #expect(refused > 50)
  }

  @Test func loadsTheExamples() throws {
    let files = try Repository.examples
    #expect(files.count >= 2)
    for file in files {
      let text = try Repository.text("config/\(file)")
      #expect(throws: Never.self) { _ = try read(text) }
    }
  }
}
