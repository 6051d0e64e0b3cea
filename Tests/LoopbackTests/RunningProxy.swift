import ControlPlane
import Discovery
import Foundation
import Logging
import Primitives
import ProxyConfiguration
import WeirTesting

/// A whole proxy in this process, from configuration text, on ports that were free.
final class RunningProxy: Sendable {
  /// The port of its listener `ingress`, or of its only one; 0 where that listens on a path.
  let port: UInt16
  let adminPort: UInt16
  let plane: ControlPlane
  /// The `route` label of the first route that the test gave.
  private let route: String
  /// There is a route that answers `/alive`.
  var hasAlive: Bool { route == "1" }
  private let file: String
  private let ended: DispatchSemaphore

  /// `endpoints`: ports here of the upstream `service`; the rest as below.
  convenience init(
    endpoints: [UInt16], routes: String = "[{ match: { prefix: / }, upstream: service }]",
    listener: String = "", upstream: String = "", top: String = "", drainTimeout: String = "5s"
  ) throws {
    try self.init(
      addresses: endpoints.map { "127.0.0.1:\($0)" }, routes: routes, listener: listener,
      upstream: upstream, top: top, drainTimeout: drainTimeout)
  }

  /// `addresses`: endpoints of the upstream `service`; `routes`, `listener`, `upstream` and `top`
  /// stand where their names say. A route of its own in front of them answers `/alive`.
  convenience init(
    addresses: [String], routes: String = "[{ match: { prefix: / }, upstream: service }]",
    listener: String = "", upstream: String = "", top: String = "", drainTimeout: String = "5s"
  ) throws {
    let list = addresses.map { "\"\($0)\"" }.joined(separator: ", ")
    let alive = "[{ name: alive, match: { path: /alive }, respond: { body: alive } }, "
    try self.init(
      """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: \(drainTimeout) }
      \(top)
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes: \(alive)\(routes.dropFirst())
          \(listener)
      upstreams:
        service:
          endpoints: [\(list)]
          \(upstream)
      """, route: "1")
  }

  /// `lookups`: answers for names.
  convenience init(
    _ yaml: String, route: String = "0", lookups: NameLookups = NameLookups()
  ) throws {
    let file = NSTemporaryDirectory() + "weir-\(UUID().uuidString).yaml"
    try yaml.write(toFile: file, atomically: true, encoding: .utf8)
    try self.init(file: file, route: route, lookups: lookups)
  }

  init(file: String, route: String = "0", lookups: NameLookups = NameLookups()) throws {
    self.file = file
    self.route = route
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    do {
      plane = try ControlPlane(file: ConfigurationFile(path: file), log: log, lookups: lookups)
    } catch {
      throw Unusable(reason: "\(error.faults)")
    }
    let ended = DispatchSemaphore(value: 0)
    self.ended = ended
    try plane.start { ended.signal() }
    let addresses = plane.addresses
    port = (addresses.listeners["ingress"] ?? addresses.listeners.values.first)?.port ?? 0
    adminPort = addresses.admin?.port ?? 0
  }

  struct Unusable: Error {
    var reason: String
  }

  /// Replaces the configuration file's text.
  func rewrite(_ yaml: String) throws {
    try yaml.write(toFile: file, atomically: true, encoding: .utf8)
  }

  /// Sends one request on a connection of its own and returns all that comes back.
  func exchange(_ request: String) throws -> String {
    let socket = try BlockingSocket.connect(port: port)
    try socket.send(request)
    return try socket.receiveAll()
  }

  /// The answer to a GET that asks for the connection to be closed.
  func get(_ target: String, headers: String = "") throws -> String {
    try exchange("GET \(target) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\(headers)\r\n")
  }

  /// An admin endpoint's answer.
  func admin(_ path: String, method: String = "GET", body: String = "") throws -> String {
    let socket = try BlockingSocket.connect(port: adminPort)
    try socket.send(
      "\(method) \(path) HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    return try socket.receiveAll()
  }

  /// The value of a metric's series; `line`: its name and labels. 0 where it is not there yet.
  func metric(_ line: String) throws -> Double {
    let text = try admin("/metrics")
    for entry in text.split(separator: "\n") where entry.hasPrefix(line + " ") {
      return Double(entry.dropFirst(line.count + 1)) ?? .nan
    }
    return 0
  }

  /// How many requests ended as `reason`, answered `code`.
  func counted(
    _ reason: String, _ code: Int, route: String? = nil, upstream: String = "service"
  ) throws -> Double {
    try metric(
      "weir_requests_total{listener=\"ingress\",route=\"\(route ?? self.route)\",upstream=\"\(upstream)\","
        + "code=\"\(code)\",reason=\"\(reason)\"}")
  }

  /// Asks until `condition` holds; false: it did not within the tests' patience.
  func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    try Patience.waits(until: condition)
  }

  /// Drains and waits for the end; false: it did not end in time.
  @discardableResult
  func stop() -> Bool {
    plane.drain(delay: .zero)
    let isOver = ended.comes()
    try? FileManager.default.removeItem(atPath: file)
    return isOver
  }
}
