import Foundation
import WeirTesting

/// Endpoints of one upstream, each a real nginx, in front of one origin whose journal knows what was
/// acted upon.
///
///     proxy ──── relays[i] ──── endpoints[i] (nginx) ── origin      those that live here
///           ── networks[i] ──── isolated[i]  (nginx) ── origin      those that can be cut off
final class Fleet {
  let origin: JournaledOrigin
  let endpoints: [NginxEndpoint]
  let relays: [Relay]
  let isolated: [NginxEndpoint]
  let networks: [IsolatedNetwork]
  private let folder: String

  /// `isolated`: so many more, each in a network of its own (see `IsolatedNetwork.missing`);
  /// `answersAfter`: how long the origin works on each request; `bodyBytes`: of each answer.
  init(
    _ count: Int, isolated isolatedCount: Int = 0, answersAfter: Duration = .zero,
    bodyBytes: Int = 32
  ) throws {
    let folder = NSTemporaryDirectory() + "weir-fleet-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    self.folder = folder
    let origin = try JournaledOrigin(
      path: folder + "/origin", answersAfter: answersAfter, bodyBytes: bodyBytes)
    self.origin = origin
    endpoints = try (0..<count).map { number in
      try NginxEndpoint("endpoint-\(number)", origin: origin, in: folder)
    }
    relays = try endpoints.map { try Relay(to: $0.port) }
    networks = try (0..<isolatedCount).map { _ in try IsolatedNetwork() }
    isolated = try networks.enumerated().map { number, network in
      try NginxEndpoint("isolated-\(number)", origin: origin, in: folder, network: network)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Ports of the relays.
  var ports: [UInt16] { relays.map(\.port) }

  /// Where a proxy sends: the relays, then those that are isolated.
  var addresses: [String] {
    ports.map { "127.0.0.1:\($0)" } + isolated.map { "\($0.address):\($0.port)" }
  }

  var journal: RequestJournal { origin.journal }

  /// Kills endpoint `index`; its relay refuses too, as the port of a dead process does, and before:
  /// nobody finds the one without the other, however long either takes.
  func kill(_ index: Int) {
    relays[index].behave(.refusing)
    endpoints[index].kill()
  }

  /// Starts it again where it was.
  func revive(_ index: Int) throws {
    try endpoints[index].start()
    relays[index].behave(.passing)
  }
}
