import ControlPlane
import Foundation
import ProxyConfiguration
import Testing

/// `/config` is a configuration itself: JSON is YAML, and nothing is left out.
struct ConfigurationViewTests {
  private func read(_ text: String, _ file: String) throws -> Configuration {
    var configuration = try ConfigurationReader.read(
      Array(text.utf8), file: file, environment: { _ in nil })
    // Where a route stands is not what it means.
    for listener in configuration.listeners.indices {
      for route in configuration.listeners[listener].routes.indices {
        configuration.listeners[listener].routes[route].line = 0
        configuration.listeners[listener].routes[route].column = 0
      }
    }
    return configuration
  }

  @Test func meansTheSameAsTheFile() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(ExampleTests.root)/config")
      .filter { $0.hasSuffix(".yaml") }
    for file in files {
      let path = "\(ExampleTests.root)/config/\(file)"
      let original = try read(String(contentsOfFile: path, encoding: .utf8), file)
      let shown = ConfigurationView.json(original).text
      #expect(try read(shown, "config") == original, "\(file): \(shown)")
    }
  }

  @Test func tellsAPersonTheRoutes() throws {
    let proxy = try RunningProxy(
      """
      admin: { address: "127.0.0.1:0" }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes:
            - name: health
              match: { path: /health, method: [GET, HEAD], host: [ndp.test] }
              respond: {}
      """)
    #expect(
      try proxy.admin("/config?format=text")
        .contains("  route health: path /health, method GET|HEAD, host ndp.test -> respond 200\n"))
    #expect(proxy.stop())
  }
}
