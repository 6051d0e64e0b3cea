import Primitives

/// Replaces the prefix that a route matched by another (Envoy's `prefix_rewrite`), so that exactly
/// one "/" stands where they meet and the path is never empty.
package struct PathRewrite: Sendable, Equatable {
  private let matchedCount: Int
  private let replacement: [UInt8]

  /// `matched`: the route's prefix, or its exact path.
  package init(matched: String, replacement: String) {
    matchedCount = matched.utf8.count
    self.replacement = Array(replacement.utf8)
  }

  /// Appends the new path; false when there is no room. Precondition: the route matched `path`.
  package func apply(to path: Span<UInt8>, into out: Buffer) -> Bool {
    var rest = path.extracting(matchedCount..<path.count)
    guard replacement.count + rest.count + 1 <= out.writableCount else { return false }
    if rest.count > 0, rest[0] == 0x2F { rest = rest.extracting(1..<rest.count) }
    out.append(replacement)
    let endsInSlash = replacement.last == 0x2F
    let restGivesSlash = path.count > matchedCount
    if !endsInSlash, restGivesSlash || replacement.isEmpty { out.append(0x2F) }
    out.append(rest)
    return true
  }
}
