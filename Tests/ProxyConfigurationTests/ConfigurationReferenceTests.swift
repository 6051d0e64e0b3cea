import Foundation
import ProxyConfiguration
import Testing

struct ConfigurationReferenceTests {
  /// With `WEIR_WRITE_DOCUMENTS=1` the page is written anew instead.
  @Test func thePageIsMadeFromTheSchema() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/configuration.md")
    if ProcessInfo.processInfo.environment["WEIR_WRITE_DOCUMENTS"] != nil {
      try ConfigurationReference.page.write(to: page, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: page, encoding: .utf8) == ConfigurationReference.page)
  }
}
