import Primitives

/// One rule of an authorization policy; all parts that are given must hold.
package struct AuthorizationRule: Sendable, Equatable {
  package enum Action: String, Sendable, CaseIterable {
    case allow, deny
  }

  package enum Path: Sendable, Equatable {
    /// On segment boundaries, as a route's.
    case prefix(String)
    case exact(String)
  }

  package var action: Action
  /// Who is meant: one of these must be the peer's verified identity; empty: anybody, known or not.
  package var from: [SPIFFEPattern]
  /// Method tokens; empty: any.
  package var methods: [String]
  /// Nil: any.
  package var path: Path?

  package init(
    action: Action, from: [SPIFFEPattern] = [], methods: [String] = [], path: Path? = nil
  ) {
    self.action = action
    self.from = from
    self.methods = methods
    self.path = path
  }

  /// Says nothing of requests, so that a connection can be judged by it.
  var isOfConnections: Bool { methods.isEmpty && path == nil }

  /// Whoever has proved nothing is nobody that a rule names.
  func means(_ identity: SPIFFEID?) -> Bool {
    if from.isEmpty { return true }
    guard let identity else { return false }
    return from.contains { $0.matches(identity) }
  }

  func means(method: Span<UInt8>, path: Span<UInt8>) -> Bool {
    (methods.isEmpty || methods.contains { Self.isSame($0, method) }) && holds(path)
  }

  private func holds(_ path: Span<UInt8>) -> Bool {
    switch self.path {
    case nil: return true
    case .exact(let text)?: return Self.isSame(text, path)
    case .prefix(let text)?:
      let count = text.utf8.count
      guard count <= path.count, Self.isSame(text, path.extracting(0..<count)) else { return false }
      return count == path.count || path[count] == 0x2F || text.utf8.last == 0x2F
    }
  }

  private static func isSame(_ text: String, _ bytes: Span<UInt8>) -> Bool {
    guard text.utf8.count == bytes.count else { return false }
    for (index, byte) in text.utf8.enumerated() where bytes[index] != byte { return false }
    return true
  }
}
