import Foundation
import ProxyConfiguration
import Testing

/// What a newcomer writes wrong: each mistake is answered with its place, what it is and how to
/// mend it.
struct MistakeTests {
  struct Mistake: CustomTestStringConvertible, Sendable {
    /// What is replaced in the good file, and by what.
    var old: String
    var new: String
    /// `line:column: message`, one for each fault.
    var faults: [String]
    var testDescription: String { new }

    init(_ old: String, _ new: String, _ faults: String...) {
      self.old = old
      self.new = new
      self.faults = faults
    }
  }

  private static let good = """
    workers: 2
    admin: { address: "127.0.0.1:9901" }
    listeners:
      - name: inbound
        address: 127.0.0.1:8080
        timeouts: { idle: 75s }
        routes:
          - match: { prefix: /fhir, method: [GET], host: [ndp.test] }
            upstream: prescriptions
    upstreams:
      prescriptions:
        endpoints: ["127.0.0.1:3001"]

    """

  private static func faults(_ text: String) -> [String] {
    do throws(ConfigurationFaults) {
      _ = try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
      return []
    } catch {
      return error.faults.map { String($0.description.dropFirst(2)) }
    }
  }

  private static let address = "127.0.0.1:8080, [::1]:8080 or unix:/run/app.sock"
  private static let duration = "a duration such as 250ms, 5s or 1m, from 100ms to 24h"

  static let structure = [
    Mistake(
      "    address: 127.0.0.1:8080", "   address: 127.0.0.1:8080",
      "5:4: this line does not fit the list that begins in line 4; indent it as the lines around it"
    ),
    Mistake(
      "  - name: inbound\n", "\t- name: inbound\n",
      "4:1: a tab, or one of @ ` %, stands here; indent with spaces and quote such values"),
    Mistake(
      "name: inbound", "name:inbound",
      "5:12: a key cannot stand here; is a space missing behind a colon in the line above, or does "
        + "a value with a colon need quotes?"),
    Mistake(
      "host: [ndp.test] }", "host: [ndp.test }",
      "8:64: the list that begins in line 8 is not closed with ], or a comma is missing"),
    Mistake(
      "\"127.0.0.1:3001\"]", "\"127.0.0.1:3001]",
      "13:1: the quote that begins in line 12 is not closed"),
    Mistake(
      "workers: 2", "workers: 2\nworkers: 3",
      "2:1: the key workers stands twice, first in line 1; remove one"),
    Mistake(
      "listeners:\n  - name", "listeners:\n    name",
      "4:5: listeners must be a list, each a mapping; this is a mapping; begin each entry with \"- \""
    ),
    Mistake(
      "\nlisteners:", "\n  listeners:",
      "3:3: this line does not fit the mapping that begins in line 1; its keys must begin in one column"
    ),
  ]

  static let values = [
    Mistake("workers: 2", "worker: 2", "1:1: unknown key worker at the top; did you mean workers?"),
    Mistake(
      "workers: 2", "workers: 0", "1:10: workers must be a whole number from 1 to 64, not \"0\""),
    Mistake(
      "{ address: \"127.0.0.1:9901\" }", "127.0.0.1:9901",
      "2:8: admin must be a mapping, not \"127.0.0.1:9901\"; "
        + "its keys are address, public, hosts, socket_mode"),
    Mistake(
      "admin: {", "limits:\nadmin: {",
      "2:8: limits must be a mapping, but nothing stands there; indent its keys below it or remove it"
    ),
    Mistake(
      "127.0.0.1:9901", "127.0.0.1:8080",
      "2:19: the listener inbound has the address 127.0.0.1:8080 too; change one"),
    Mistake(
      "address: 127.0.0.1:8080", "address: 8080",
      "5:14: listeners[0].address must be an address such as \(address), not \"8080\"; for every "
        + "address of the machine write 0.0.0.0:8080"),
    Mistake(
      "address: 127.0.0.1:8080", "address: 127.0.0.1:80800",
      "5:14: listeners[0].address must be an address such as \(address), not \"127.0.0.1:80800\"; "
        + "ports go to 65535"),
    Mistake(
      "address: 127.0.0.1:8080", "address: localhost:8080",
      "5:14: listeners[0].address must be an address such as \(address), not \"localhost:8080\"; "
        + "write 127.0.0.1:8080"),
    Mistake(
      "idle: 75s", "idle: 75",
      "6:23: listeners[0].timeouts.idle must be \(duration), not \"75\"; add the unit: 75s"),
    Mistake(
      "8080\n", "${PORT}\n",
      "5:14: listeners[0].address: the environment variable PORT is not set; set it or write "
        + "${PORT:-default}"),
    Mistake(
      "\"127.0.0.1:3001\"]", "\"http://127.0.0.1:3001\"]",
      "12:17: upstreams.prescriptions.endpoints[0] must be an address such as \(address), or "
        + "host:port, not \"http://127.0.0.1:3001\"; leave the scheme out, and the path"
    ),
    Mistake(
      "[\"127.0.0.1:3001\"]", "[]", "12:16: upstreams.prescriptions.endpoints is empty; give one"),
    Mistake(
      "    endpoints:", "    endpoint:",
      "12:5: unknown key endpoint in upstreams.prescriptions; did you mean endpoints?"),
  ]

  static let routes = [
    Mistake(
      "upstream: prescriptions", "upstream: precriptions",
      "9:19: there is no upstream precriptions; did you mean prescriptions?"),
    Mistake(
      "        upstream: prescriptions\n", "",
      "8:9: the route does nothing; give it upstream, split, redirect or respond"),
    Mistake("[GET]", "[get]", "8:42: methods are in upper case; write GET"),
    Mistake(
      "[GET]", "GET",
      "8:41: listeners[0].routes[0].match.method must be a list, each a method, not \"GET\"; "
        + "write [GET]"),
    Mistake(
      "[ndp.test]", "[ndp.test:80]",
      "8:55: hosts are matched without their port; write ndp.test"),
    Mistake(
      "prefix: /fhir", "prefix: fhir",
      "8:26: match.prefix must be a path that begins with /, not \"fhir\"; write /fhir"),
    Mistake(
      "timeouts: { idle: 75s }",
      "authorize: { default: deny, rules: [{ action: allow, from: ndp.test }] }",
      "6:64: from must be an id such as spiffe://ndp.test/ns/default/svc/a, or end in /*, not \"ndp.test\""
    ),
    Mistake(
      "timeouts: { idle: 75s }",
      "authorize: { default: deny, rules: [{ action: allow, path: /a, prefix: /b }] }",
      "6:64: the rule has path and prefix; keep one"),
    Mistake(
      "timeouts: { idle: 75s }",
      "authorize: { default: deny, rules: [{ action: allow, from: [], method: [GET] }] }",
      "6:64: from is empty; give one, or leave it out to mean anybody"),
    Mistake(
      "timeouts: { idle: 75s }",
      "authorize: { default: deny, rules: [{ action: deny, method: [] }] }",
      "6:65: method is empty; give one, or leave it out to mean any method"),
    Mistake(
      "timeouts: { idle: 75s }", "tls: { certificate: a, key: b, client_certificate: required }",
      "6:56: client_certificate needs trust beside it, a file of the roots that clients' certificates lead to"
    ),
    Mistake(
      "timeouts: { idle: 75s }", "protocol: tcp",
      "4:5: inbound has protocol: tcp and needs the key upstream, where it leads to",
      "8:7: inbound has protocol: tcp, of whose connections no route can know anything; remove routes"
    ),
    Mistake(
      "timeouts: { idle: 75s }", "upstream: prescriptions",
      "6:15: inbound speaks HTTP, whose routes say where requests go; remove upstream, or set protocol: tcp"
    ),
    Mistake(
      "timeouts: { idle: 75s }", "proxy_protocol: v2",
      "6:21: listeners[0].proxy_protocol must be true or false, not \"v2\""),
    Mistake(
      "  - name: inbound\n",
      "  - name: inbound\n    address: 127.0.0.1:1\n    routes: []\n  - name: inbound\n",
      "6:13: listeners[0].routes is empty; give one",
      "7:11: two listeners are named inbound; rename one"),
  ]

  @Test(arguments: structure + values + routes)
  func isAnswered(mistake: Mistake) {
    let text = Self.good.replacingOccurrences(of: mistake.old, with: mistake.new)
    #expect(text != Self.good)
    #expect(Self.faults(text) == mistake.faults)
  }

  @Test func goodIsGood() {
    #expect(Self.faults(Self.good).isEmpty)
  }

  /// What stands in one place does not hide what stands in another.
  @Test func allAreToldAtOnce() {
    var text = Self.good
    let together = [Self.values[0], Self.values[8], Self.routes[0], Self.routes[2]]
    for mistake in together {
      text = text.replacingOccurrences(of: mistake.old, with: mistake.new)
    }
    #expect(Self.faults(text).count == together.count)
  }
}
