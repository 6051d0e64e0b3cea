import Foundation
import Testing

/// What the commands do with files, as a user calls them.
struct ExampleTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private func weir(_ arguments: String, before: String = "true") throws -> (String, Int32?) {
    let output = try Command.run(
      "sh", ["-c", "\(before); \(try WeirProcess.binary) \(arguments) 2>&1; echo $?"])
    // How many descriptors there may be is this machine's matter, not the example's.
    let lines = output.split(separator: "\n").filter {
      !$0.contains(" descriptors leaves room for ")
    }
    return (lines.dropLast().joined(separator: "\n"), lines.last.flatMap { Int32($0) })
  }

  /// Each file of `config/`, so that none is forgotten: patterns of routes are compiled too.
  @Test func everyExampleIsGood() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(Self.root)/config")
      .filter { $0.hasSuffix(".yaml") }
    #expect(files.count >= 10)
    let authority = try TestAuthority()
    try authority.mount(authority.issue("own", TestAuthority.server))
    for file in files {
      let (output, code) = try weir(
        "check --config \(Self.root)/config/\(file)", before: "export WEIR_TLS=\(authority.folder)")
      #expect(code == 0 && output.contains("is good"), "\(file): \(output)")
      #expect(!output.contains("warning:"), "\(file): \(output)")
    }
  }

  /// A warning is no fault: `check` exits 0, and the proxy serves and says so in its log.
  @Test func policiesThatWorkAgainstEachOtherAreWarnedOf() throws {
    let route = """
      routes: [{ match: {}, upstream: u, timeout: 2s, retry: { per_try_timeout: 2s } }]
      upstreams: { u: { endpoints: [127.0.0.1:1] } }
      """
    let proxy = try WeirProcess { _ in "    \(route)" }
    let reason = "an attempt may take 2s and the request 2s"
    let place = "\(proxy.folder)/weir.yaml:7:79"
    let line = proxy.log.split(separator: "\n").first { $0.contains(place) } ?? ""
    #expect(line.contains(" level=warning msg=\"\(reason)"), "\(proxy.log)")
    #expect(line.hasPrefix("time=20") && line.hasSuffix(" place=\(place)"), "\(proxy.log)")
    let (output, code) = try weir("check --config \(proxy.folder)/weir.yaml")
    let lines = output.split(separator: "\n")
    #expect(code == 0 && lines.count == 2, "\(output)")
    #expect(lines.first?.hasPrefix("\(place): warning: \(reason)") == true, "\(output)")
    let (apart, _) = try weir("check --config \(proxy.folder)/weir.yaml 2>/dev/null | cat")
    #expect(apart.hasSuffix("is good: listeners 1, routes 1, upstreams 1"), "\(apart)")
    #expect(!apart.contains("warning"), "\(apart)")
    proxy.signal(SIGTERM)
    #expect(proxy.wait() == 0)
  }

  @Test func aVariableFillsAnExample() throws {
    let (output, code) = try weir(
      "check --config \(Self.root)/config/environment.yaml", before: "export WEIR_WORKERS=many")
    #expect(code == 1 && output.contains(":7:10: workers must be a whole number"), "\(output)")
  }

  /// Only routing can judge these; they are told beside the others.
  @Test func pathsAreJudgedBesideTheRest() throws {
    let file = NSTemporaryDirectory() + "weir-paths-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try """
    workers: 0
    listeners:
      - name: a
        address: 127.0.0.1:1
        routes:
          - { match: { regex: "/a(b" }, respond: {} }
          - { match: { path: /a//b }, respond: {} }
          - { match: { prefix: /%zz }, respond: {} }
    """.write(toFile: file, atomically: true, encoding: .utf8)
    let (output, code) = try weir("check --config \(file)")
    let lines = output.split(separator: "\n").map { $0.dropFirst(file.count) }
    #expect(code == 1 && lines.count == 4, "\(output)")
    #expect(lines[1].hasPrefix(":6:27: match.regex is not a regular expression: missing"))
    #expect(lines[2] == ":7:26: match.path never matches: paths are normalised first; write /a/b")
    #expect(lines[3].hasPrefix(":8:28: match.prefix never matches: no request"))
  }

  /// sysexits(3): 64 usage, 66 no input, 69 unavailable, 78 configuration.
  @Test(arguments: [
    ("check --config /nowhere/weir.yaml", 66, "/nowhere/weir.yaml:1:1: the file cannot be read"),
    ("check /nowhere/weir.yaml", 66, "; check the path"),
    ("check /", 66, "Is a directory; give a file in that folder"),
    ("simulate /", 66, "Is a directory; give a file in that folder"),
    ("simulate /nowhere/a.yaml", 66, "; check the path"),
    ("demo --config /", 66, "Is a directory; give a file in that folder"),
    ("demo --config /nowhere/a.yaml", 66, "; check the path"),
    ("check -c x y", 64, "the configuration is given twice; leave --config out"),
    ("check \(ExampleTests.root)/config/minimal.yaml", 0, "is good"),
    ("check - <\(ExampleTests.root)/config/minimal.yaml", 0, "is good"),
    (
      "check \(ExampleTests.root)/config/scenarios/retry-storm.yaml", 1,
      "; run it with weir simulate"
    ),
    ("simulate \(ExampleTests.root)/config/minimal.yaml", 1, "; check it with weir check"),
    ("run - </dev/null", 78, "standard input:1:1: the file is empty"),
    ("run --config /nowhere/weir.yaml", 66, "/nowhere/weir.yaml:1:1: the file cannot be read"),
    ("run --config /", 66, "Is a directory"),
    ("run --config /dev/null", 78, "/dev/null:1:1: the file is empty"),
    ("check", 64, "--config"),
    ("run --config x --log-level loud", 64, "--log-level must be one of"),
    ("serve", 64, "Unexpected argument"),
    ("demo --for soon", 64, "--for must be a number of seconds"),
    ("demo --script kill", 64, "'kill' must begin with a time"),
  ])
  func exits(arguments: String, code: Int32, text: String) throws {
    let (output, actual) = try weir(arguments)
    #expect(actual == code && output.contains(text), "\(actual ?? -1): \(output)")
  }

  @Test func saysWhatKeepsItFromStarting() throws {
    let file = NSTemporaryDirectory() + "weir-start-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    for (address, text) in [
      ("203.0.113.1:0", "this machine has no such address"),
      ("unix:/nowhere/a.sock", "the folder of the socket must be there"),
    ] {
      try """
      listeners: [{ name: a, address: "\(address)", routes: [{ match: {}, respond: {} }] }]
      """.write(toFile: file, atomically: true, encoding: .utf8)
      let (output, code) = try weir("run --config \(file)")
      #expect(code == 69 && output.contains(text), "\(output)")
    }
  }

  /// The admin listener on a path, as `config/addresses.yaml` has it; its socket goes with it.
  @Test func anAdminSocketIsThereAndThenGone() throws {
    let socket = NSTemporaryDirectory() + "weir-admin-\(UUID().uuidString)"
    let proxy = try RunningProxy(
      """
      admin: { address: "unix:\(socket)" }
      listeners:
        - { name: a, address: "127.0.0.1:0", routes: [{ match: {}, respond: {} }] }
      """)
    let answer = try Command.run("curl", ["-s", "--unix-socket", socket, "http://weir/readyz"])
    #expect(answer == "ready\n")
    // A second process does not take it away.
    let file = socket + ".yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try """
    listeners: [{ name: a, address: "unix:\(socket)", routes: [{ match: {}, respond: {} }] }]
    """.write(toFile: file, atomically: true, encoding: .utf8)
    let (output, code) = try weir("run --config \(file)")
    #expect(code == 69 && output.contains("another process has it"), "\(output)")
    #expect(FileManager.default.fileExists(atPath: socket))
    #expect(proxy.stop())
    #expect(!FileManager.default.fileExists(atPath: socket))
  }
}
