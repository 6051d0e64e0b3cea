import Foundation
import Glibc
import Testing
import WeirTesting

/// What the operator does to the process: signals, limits, exit codes.
@Suite(.serialized)
struct ProcessTests {
  private static let answer = "    routes: [{ match: { prefix: / }, respond: { body: here } }]"

  @Test func readyThenDrainsAndExitsZero() throws {
    let weir = try WeirProcess { _ in Self.answer }
    #expect(try weir.ask(weir.adminPort, "/readyz").hasPrefix("HTTP/1.1 200 "))
    #expect(try weir.ask(weir.port, "/").hasSuffix("here"))
    #expect(weir.log.contains("serving"))
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
    #expect(weir.log.contains("draining") && weir.log.contains("ended"), "\(weir.log)")
  }

  @Test func reloadsOnHangUp() throws {
    let weir = try WeirProcess { _ in Self.answer }
    let file = weir.folder + "/weir.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacingOccurrences(of: "body: here", with: "body: there")
      .write(toFile: file, atomically: true, encoding: .utf8)
    weir.signal(SIGHUP)
    #expect(try weir.eventually { try weir.ask(weir.port, "/").hasSuffix("there") })
    weir.signal(SIGINT)
    #expect(weir.wait() == 0)
  }

  /// What logrotate does: the file is moved away, then SIGUSR1.
  @Test func reopensItsLog() throws {
    let weir = try WeirProcess {
      "\(Self.answer)\ntelemetry: { access_log: { path: \($0)/access.log } }"
    }
    let log = weir.folder + "/access.log"
    let old = weir.folder + "/access.log.1"
    _ = try weir.ask(weir.port, "/first")
    #expect(weir.eventually { Self.read(log).contains("/first") })
    try FileManager.default.moveItem(atPath: log, toPath: old)
    weir.signal(SIGUSR1)
    #expect(weir.eventually { FileManager.default.fileExists(atPath: log) })
    _ = try weir.ask(weir.port, "/second")
    #expect(weir.eventually { Self.read(log).contains("/second") })
    #expect(!Self.read(old).contains("/second"))
    let line = try #require(Self.read(log).split(separator: "\n").first)
    let fields = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(fields["path"] as? String == "/second" && fields["status"] as? Int == 200)
    #expect(fields["failure"] as? String == "none" && fields["client"] as? String == "127.0.0.1")
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  /// What fails is logged whatever the sample.
  @Test func samplesItsLog() throws {
    let weir = try WeirProcess {
      "\(Self.answer)\ntelemetry: { access_log: { path: \($0)/access.log, sample: 1000000 } }"
    }
    _ = try weir.ask(weir.port, "/good")
    _ = try weir.ask(weir.port, "/../bad")
    let log = weir.folder + "/access.log"
    #expect(weir.eventually { Self.read(log).contains("\"failure\":\"malformed_request\"") })
    #expect(!Self.read(log).contains("/good"))
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  /// Balancers look away first: not ready at once, but still accepting.
  @Test func acceptsUntilTheDrainsDelayIsOver() throws {
    let weir = try WeirProcess(drain: "delay: 1m, timeout: 2m") { _ in Self.answer }
    #expect(try weir.ask(weir.adminPort, "/readyz").hasPrefix("HTTP/1.1 200 "))
    weir.signal(SIGTERM)
    #expect(
      try weir.eventually { try weir.ask(weir.adminPort, "/readyz").hasPrefix("HTTP/1.1 503 ") })
    #expect(try weir.ask(weir.port, "/").hasSuffix("here"))
  }

  private static func read(_ path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }

  /// Out of descriptors, those connected are served and the others wait in the queue; a client that is
  /// idle may be the one that makes room.
  @Test func survivesWithoutDescriptors() throws {
    let weir = try WeirProcess { _ in Self.answer }
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    let first = try BlockingSocket.connect(port: weir.port)
    try first.send(request)
    #expect(try first.receive(until: "here").hasPrefix("HTTP/1.1 200 "))
    var admin = try BlockingSocket.connect(port: weir.adminPort)
    func metrics() throws -> String {
      do {
        try admin.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        return try admin.receiveMessage()
      } catch {
        // One that was kept may be closed meanwhile.
        admin = try BlockingSocket.connect(port: weir.adminPort)
        return ""
      }
    }
    _ = try metrics()
    try weir.limitDescriptors(to: 40)
    let clients = try (0..<60).map { _ in
      let socket = try BlockingSocket.connect(port: weir.port)
      try socket.send(request)
      return socket
    }
    let paused = try weir.eventually {
      try metrics().split(separator: "\n").contains {
        $0.hasPrefix("weir_listener_accept_pauses_total ") && !$0.hasSuffix(" 0")
      }
    }
    #expect(paused)
    // As connections end, those that wait get theirs.
    for client in clients {
      #expect(try client.receive(until: "here").hasPrefix("HTTP/1.1 200 "))
      client.close()
    }
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  @Test func saysThatThePortIsTaken() throws {
    let weir = try WeirProcess { _ in Self.answer }
    let output = try Command.run(
      "sh",
      ["-c", "\(try WeirProcess.binary) run --config \(weir.folder)/weir.yaml 2>&1; echo $?"])
    #expect(output.contains("another process has it"), "\(output)")
    #expect(output.hasSuffix("\n69\n"))
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  /// Codes of sysexits(3), whichever command: 64 a wrong command line, 66 a file that cannot be read,
  /// 69 somebody who does not answer.
  @Test(arguments: [
    ("", 64), ("nothing", 64), ("run", 64), ("run --config /nowhere.yaml", 66),
    ("check --config /nowhere.yaml", 66), ("simulate /nowhere.yaml", 66),
    ("explain --admin 127.0.0.1:1", 69), ("--help", 0), ("--version", 0),
  ])
  func endsWithTheCodeForIt(arguments: String, code: Int) throws {
    let output = try Command.run(
      "sh", ["-c", "\(try WeirProcess.binary) \(arguments) 2>&1; echo $?"])
    #expect(output.hasSuffix("\n\(code)\n"), "\(output)")
    #expect(arguments != "" || output.contains("SUBCOMMANDS"), "\(output)")
  }

  @Test func checkNamesEveryFault() throws {
    let file = NSTemporaryDirectory() + "weir-check-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try "listeners: []\nupstraems: {}\nworkers: 0\n"
      .write(toFile: file, atomically: true, encoding: .utf8)
    let output = try Command.run(
      "sh", ["-c", "\(try WeirProcess.binary) check --config \(file); echo $?"])
    let lines = output.split(separator: "\n")
    #expect(lines.count == 4 && lines.last == "1", "\(output)")
    #expect(output.contains("\(file):2:1: ") && output.contains("upstreams"))
    #expect(output.contains("\(file):3:10: "))
  }
}
