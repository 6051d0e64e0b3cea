import Foundation
import WeirTesting

/// Endpoints of one upstream, each a real nginx behind a relay of its own, in front of one origin
/// whose journal knows what was acted upon.
///
///     proxy ── relays[i] ── endpoints[i] (nginx) ── origin
final class Fleet {
  let origin: JournaledOrigin
  let endpoints: [NginxEndpoint]
  let relays: [Relay]
  private let folder: String

  /// `answersAfter`: how long the origin works on each request; `bodyBytes`: of each answer.
  init(_ count: Int, answersAfter: Duration = .zero, bodyBytes: Int = 32) throws {
    folder = try Self.folder()
    let (path, folder) = (folder + "/origin", folder)
    let origin = try JournaledOrigin(path: path, answersAfter: answersAfter, bodyBytes: bodyBytes)
    self.origin = origin
    endpoints = try (0..<count).map { number in
      try NginxEndpoint("endpoint-\(number)", origin: origin, in: folder)
    }
    relays = try endpoints.map { try Relay(to: $0.port) }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Where the proxy sends.
  var ports: [UInt16] { relays.map(\.port) }
  var journal: RequestJournal { origin.journal }

  /// A new folder under the temporary one.
  static func folder() throws -> String {
    let folder = NSTemporaryDirectory() + "weir-fleet-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }
}
