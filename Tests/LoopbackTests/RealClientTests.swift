import Foundation
import Glibc
import Testing
import WeirTesting

/// Clients that people use, through the binary to a real nginx.
@Suite(.serialized)
struct RealClientTests {
  private func weir(_ nginx: Nginx) throws -> WeirProcess {
    try WeirProcess { _ in
      """
          routes: [{ match: { prefix: / }, upstream: service }]
      upstreams: { service: { endpoints: ["127.0.0.1:\(nginx.port)"] } }
      """
    }
  }

  /// How many requests were counted, by code.
  private func counts(_ weir: WeirProcess) throws -> [Substring: Int] {
    let text = try weir.ask(weir.adminPort, "/metrics")
    let pattern = /weir_requests_total\{[^}]*code="(\d+)"[^}]*\} (\d+)/
    return Dictionary(
      text.matches(of: pattern).map { ($0.1, Int($0.2) ?? 0) }, uniquingKeysWith: +)
  }

  @Test func servesAGeneratorOfLoadWithoutAnError() throws {
    let nginx = try Nginx()
    try nginx.write("small", "{}")
    let weir = try weir(nginx)
    let output = try Command.run(
      "wrk", ["-t1", "-c16", "-d2s", "--timeout", "60s", "http://127.0.0.1:\(weir.port)/small"])
    // It says so only if there were any.
    #expect(!output.contains("Socket errors") && !output.contains("Non-2xx"), "\(output)")
    let counts = try counts(weir)
    // Those that were in flight at its end are counted as the client's.
    #expect((counts["200"] ?? 0) > 16 && (counts["499"] ?? 0) <= 16, "\(counts)")
    #expect(Set(counts.keys).isSubset(of: ["200", "499"]), "\(counts)")
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
    nginx.stop()
  }

  private static let page = """
    <!DOCTYPE html>
    <html><head><link rel="icon" href="a.svg"><link rel="stylesheet" href="style.css">
    <script src="script.js" defer></script></head>
    <body><p id="seen"></p><p id="stored"></p><img id="a" src="a.svg"><img src="b.svg"></body></html>
    """

  private static let script = """
    addEventListener('load', async () => {
      const seen = document.getElementById('seen');
      const image = document.getElementById('a').naturalWidth;
      seen.textContent = `style ${getComputedStyle(seen).width}, image ${image}`;
      const answer = await fetch('/upload', { method: 'PUT', body: 'a'.repeat(100000) });
      document.getElementById('stored').textContent = `stored ${answer.status}`;
    });
    """

  /// A page with its style, script, images and an upload.
  @Test func servesABrowser() throws {
    let nginx = try Nginx()
    try nginx.write("page.html", Self.page)
    try nginx.write("style.css", "#seen { width: 123px }")
    try nginx.write("script.js", Self.script)
    for name in ["a.svg", "b.svg"] {
      try nginx.write(name, "<svg xmlns='http://www.w3.org/2000/svg' width='17' height='9'></svg>")
    }
    let weir = try weir(nginx)
    let document = try Command.run(
      "timeout",
      [
        "300", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
        "--virtual-time-budget=10000", "--user-data-dir=\(weir.folder)/browser",
        "http://127.0.0.1:\(weir.port)/page.html",
      ])
    #expect(document.contains("style 123px, image 17"), "\(document)")
    #expect(document.contains("stored 201"), "\(document)")
    #expect(nginx.uploadedBytes == 100_000)
    let counts = try counts(weir)
    #expect(counts["201"] == 1 && (counts["200"] ?? 0) >= 5, "\(counts)")
    // It may ask whether the icon is still the image that it has.
    #expect(Set(counts.keys).isSubset(of: ["200", "201", "304"]), "\(counts)")
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
    nginx.stop()
  }
}
