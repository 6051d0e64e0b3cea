/// Which SPIFFE ids are meant: one, those below a path, or a whole trust domain.
///
/// | text | means |
/// |---|---|
/// | `spiffe://ndp.test/ns/a/svc/b` | that id |
/// | `spiffe://ndp.test/ns/a/*` | each id below `/ns/a`, and not that one itself |
/// | `spiffe://ndp.test/*` | each id of the trust domain with a path |
package struct SPIFFEPattern: Hashable, Sendable {
  package let text: String
  private let id: SPIFFEID
  private let isPrefix: Bool

  /// Nil: `text` is neither an id nor one that ends in `/*`.
  package init?(_ text: String) {
    isPrefix = text.hasSuffix("/*")
    guard let id = SPIFFEID(isPrefix ? String(text.dropLast(2)) : text) else { return nil }
    self.text = text
    self.id = id
  }

  /// Cost: a comparison of texts.
  package func matches(_ other: SPIFFEID) -> Bool {
    guard isPrefix else { return other == id }
    return other.trustDomain == id.trustDomain && other.path.hasPrefix(id.path + "/")
  }
}
