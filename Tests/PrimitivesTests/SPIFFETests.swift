import Primitives
import Testing

/// SPIFFE ids and patterns of them, by the standard's own rules.
struct SPIFFETests {
  @Test(arguments: [
    "spiffe://ndp.test/ns/default/svc/a", "spiffe://ndp.test", "spiffe://a-b_c.0/X.Y-Z_9",
    "spiffe://ndp.test/...", "spiffe://ndp.test/a/.b",
  ])
  func takes(_ text: String) throws {
    let id = try #require(SPIFFEID(text))
    #expect(id.text == text && "spiffe://" + id.trustDomain + id.path == text)
  }

  @Test(arguments: [
    "", "spiffe:", "spiffe://", "spiffe:///a", "SPIFFE://ndp.test/a", "http://ndp.test/a",
    "spiffe://NDP.test/a", "spiffe://ndp.test:80/a", "spiffe://user@ndp.test/a",
    "spiffe://ndp.test/", "spiffe://ndp.test/a/", "spiffe://ndp.test//a", "spiffe://ndp.test/a//b",
    "spiffe://ndp.test/./a", "spiffe://ndp.test/../a", "spiffe://ndp.test/a/..",
    "spiffe://ndp.test/a?b", "spiffe://ndp.test/a#b", "spiffe://ndp.test/%61",
    "spiffe://ndp.test/a b", "spiffe://ndp.test/a\0", "spiffe://ndp.test\0/a",
    "spiffe://ndp.test/ä", "spiffe://ndp.test/*", "spiffe://ndp.tesт/a",
  ])
  func refuses(_ text: String) { #expect(SPIFFEID(text) == nil) }

  @Test func boundsLengths() {
    let domain = "spiffe://" + String(repeating: "d", count: 255)
    #expect(SPIFFEID(domain) != nil && SPIFFEID(domain + "d") == nil)
    let start = "spiffe://d/"
    let most = start + String(repeating: "a", count: 2048 - start.utf8.count)
    #expect(SPIFFEID(most) != nil && SPIFFEID(most + "a") == nil)
  }

  /// A pattern ends at a segment, and never reaches into another trust domain.
  @Test(arguments: [
    ("spiffe://td/a/b", "spiffe://td/a/b", true), ("spiffe://td/a/b", "spiffe://td/a/bc", false),
    ("spiffe://td/a/b", "spiffe://td/a", false), ("spiffe://td/a/*", "spiffe://td/a/b", true),
    ("spiffe://td/a/*", "spiffe://td/a/b/c", true), ("spiffe://td/a/*", "spiffe://td/a", false),
    ("spiffe://td/a/*", "spiffe://td/ab/c", false), ("spiffe://td/*", "spiffe://td/a", true),
    ("spiffe://td/*", "spiffe://td.evil/a", false), ("spiffe://td/*", "spiffe://td", false),
    ("spiffe://td", "spiffe://td", true), ("spiffe://td", "spiffe://td/a", false),
    ("spiffe://td/a/*", "spiffe://other/a/b", false),
  ])
  func matches(_ pattern: String, _ text: String, _ expected: Bool) throws {
    let id = try #require(SPIFFEID(text))
    #expect(try #require(SPIFFEPattern(pattern)).matches(id) == expected)
  }

  @Test(arguments: ["*", "spiffe://*", "spiffe://td/a*", "spiffe://td/*/b", "spiffe://td/a/*/", ""])
  func refusesPatterns(_ text: String) { #expect(SPIFFEPattern(text) == nil) }
}
