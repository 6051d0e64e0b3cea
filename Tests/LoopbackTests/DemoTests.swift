import Foundation
import Testing

/// `weir demo` as a newcomer meets it.
struct DemoTests {
  private static let options =
    "--port 0 --admin-port 0 --config \(ExampleTests.root)/config/demo.yaml"

  /// Without a terminal it prints lines; the commands among them work when pasted.
  @Test func whatItSaysToTryWorks() throws {
    let demo = try RunningCommand(
      try WeirProcess.binary, ["demo"] + Self.options.split(separator: " ").map(String.init))
    defer { demo.end() }
    let text = demo.read(until: "\n1s  answered")
    let commands = text.split(separator: "\n").filter { $0.hasPrefix("  curl ") }
    let expected = [
      "\"resourceType\":\"MedicationRequest\",\"id\":\"rx-1\"", "HTTP/1.1 201 Created",
      "\"resourceType\":\"Bundle\"", "no_route", "medication-directory  connections",
      "weir_requests_total{",
    ]
    #expect(commands.count == expected.count, "\(text)")
    for (command, part) in zip(commands, expected) {
      let quiet = String(command.replacing("curl ", with: "curl -s "))
      let output = try Command.run("sh", ["-c", quiet])
      #expect(output.contains(part), "\(command): \(output)")
    }
    demo.interrupt()
    let rest = demo.readToEnd()
    #expect(demo.exitCode == 0)
    #expect(rest.contains("The demo ended after ") && rest.contains(", failed 0.\n"), "\(rest)")
  }

  /// A killed endpoint is ejected and comes back; a killed service opens the breaker, and closes it
  /// again; what may be skipped is, by its fallback.
  @Test func aScriptBreaksAndHeals() throws {
    let script =
      "at 4s heal; at 1s kill dispense/0; at 1s kill prescription; at 1s force ai-validation"
    let (output, code) = try demo(
      script: script,
      until: [
        "dispense/0 is back from ejection", "prescription breaker half_open -> recovering",
        "ai-validation breaker forced_open -> recovering",
      ])
    #expect(code == 0)
    let events = output.split(separator: "\n").filter { $0.hasPrefix("  at ") }.map(String.init)
    func time(of text: String) -> Double? {
      events.first { $0.contains(text) }
        .flatMap { $0.split(separator: " ").dropFirst().first }
        .flatMap { Double($0.dropLast()) }
    }
    let order = [
      "> kill dispense/0", "dispense/0 ejected for 1.0s: connect_refused",
      "dispense/0 is back from ejection",
    ]
    #expect(order.compactMap(time).count == order.count, "\(output)")
    #expect(order.compactMap(time) == order.compactMap(time).sorted(), "\(output)")
    #expect(time(of: "> heal everything") != nil, "\(output)")
    let breaker = ["closed -> open", "open -> half_open", "half_open -> recovering"].compactMap {
      time(of: "prescription breaker \($0)")
    }
    #expect(breaker.count == 3 && breaker == breaker.sorted(), "\(output)")
    #expect(time(of: "ai-validation breaker closed -> forced_open") != nil, "\(output)")
    #expect(time(of: "ai-validation breaker forced_open -> recovering") != nil, "\(output)")
    let end = output.components(separatedBy: "The demo ended after ").last ?? ""
    for word in ["circuit_open", "retries", "fallbacks", "ejections", "openings of breakers"] {
      #expect(end.contains(word), "\(end)")
    }
  }

  @Test(arguments: [
    ("at 3s eat dispense", "'eat' must be one of kill, slow, fail, force, heal"),
    ("at 3s kill", "'at 3s kill' must name one service"),
    ("at 3s kill dispense/3", "must be a number from 0 to 2"),
    ("at 3s kill dispense/+1", "must be a number from 0 to 2"),
    ("at 3s kill nobody", "there is no service nobody; there are prescription, dispense"),
    ("at 3s kill /0", "there is no service ; there are"),
    ("at -3s heal", "must begin with a time"),
    ("at 12s kill dispense; at 3s heal", "'kill dispense' comes after the end"),
  ])
  func refusesScripts(script: String, fault: String) throws {
    let (output, code) = try demo(script: script, "--for 10s")
    #expect(code == 64 && output.contains(fault), "\(output)")
  }

  /// On a terminal it takes the other screen and gives the first one, the cursor and the keys' echo
  /// back when control-C ends it.
  @Test func restoresTheTerminal() throws {
    let demo = try terminal("trap : INT; \(try WeirProcess.binary) demo \(Self.options); stty -a")
    defer { demo.end() }
    let screen = demo.read(until: "q quit")
    #expect(screen.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"))
    #expect(screen.contains("prescription") && screen.contains("p99"))
    demo.type("\u{03}")
    let rest = demo.readToEnd()
    let end = try #require(rest.range(of: "\u{1B}[?25h\u{1B}[?1049l"))
    let after = rest[end.upperBound...]
    #expect(after.contains("The demo ended after "))
    let words = after.split(whereSeparator: \.isWhitespace)
    #expect(["icanon", "echo", "isig"].allSatisfy(words.contains), "\(after)")
    #expect(after.contains("min = 1;") && after.contains("susp = ^Z;"), "\(after)")
  }

  /// Keys choose, break, heal and end.
  @Test func obeysKeys() throws {
    let demo = try terminal("NO_COLOR=1 \(try WeirProcess.binary) demo \(Self.options)")
    defer { demo.end() }
    _ = demo.read(until: "q quit")
    demo.type("\u{1B}[B\u{1B}[C\u{1B}OCk")
    _ = demo.read(until: "> kill dispense/2")
    // A request that is refused ejects it, or a health check finds it ill: whichever comes first.
    var row = demo.read(until: ", killed")
    while row.contains("/2 up, killed") { row = demo.read(until: ", killed") }
    #expect(row.contains(/\/2 (ejected [0-9.]+s|unhealthy), killed$/), "\(row)")
    demo.type("k1S")
    #expect(demo.read(until: "> slow prescription").contains("> revive dispense/2"))
    demo.type("3F")
    _ = demo.read(until: "ai-validation breaker closed -> forced_open")
    demo.type("?")
    #expect(demo.read(until: "/metrics").contains("kill it: it listens no more"))
    demo.type("?r")
    _ = demo.read(until: "ai-validation breaker forced_open -> recovering")
    demo.type("q")
    let rest = demo.readToEnd()
    #expect(rest.contains("The demo ended after "), "\(rest)")
    #expect(demo.exitCode == 0)
  }

  /// Nothing is wider or higher than the terminal, and without colours nothing but text is sent.
  @Test(arguments: [(80, 24), (60, 24), (40, 10), (200, 50)])
  func fits(columns: Int, rows: Int) throws {
    let demo = try terminal(
      "stty cols \(columns) rows \(rows); NO_COLOR=1 \(try WeirProcess.binary) demo --for 3s "
        + Self.options)
    defer { demo.end() }
    let output = demo.readToEnd()
    let screens = output.components(separatedBy: "\u{1B}[H").dropFirst()
    #expect(screens.count > 2)
    for screen in screens {
      // A terminal makes `\r\n` of each `\n`.
      let text = screen.components(separatedBy: "\u{1B}[J")[0]
        .replacing("\r\r\n", with: "\n").replacing("\u{1B}[K", with: "")
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count <= rows && lines.allSatisfy { $0.count <= columns }, "\(text)")
      #expect(!lines.contains { $0.contains("\u{1B}") }, "\(text)")
    }
    if rows >= 24 {
      let words = output.replacing("\r", with: "").replacing("\n", with: " ")
      #expect(words.contains("reporting") && words.contains("retries 0 (0/s)"), "\(output)")
      #expect(words.contains(/q +quit|help\S* +q quit/), "\(output)")
    } else {
      #expect(output.contains("more lines: make the terminal higher"), "\(output)")
    }
  }

  /// What the README says of the first keys: the service that is selected at the start opens its breaker
  /// for `S`, probes, and closes; the slow validator is skipped by its fallback.
  @Test func theFirstKeysTellTheStory() throws {
    let demo = try terminal("NO_COLOR=1 \(try WeirProcess.binary) demo \(Self.options)")
    defer { demo.end() }
    _ = demo.read(until: "q quit")
    demo.type("S")
    _ = demo.read(until: "prescription breaker closed -> open")
    demo.type("S")
    for change in ["open -> half_open", "half_open -> recovering"] {
      let found = demo.read(until: "prescription breaker \(change)")
      #expect(found.hasSuffix(change))
    }
    demo.type("3S")
    _ = demo.read(until: "> slow ai-validation")
    // It is skipped: its fallback answers, and nobody fails for that.
    let skipped = demo.read(until: "ai-validation, since the start")
    #expect(skipped.hasSuffix("since the start"))
    var line = demo.read(until: "/s)  fallbacks ") + demo.read(until: "/s)")
    while line.hasSuffix("fallbacks 0 (0/s)") {
      line = demo.read(until: "fallbacks ") + demo.read(until: "/s)")
    }
    #expect(line.contains(/fallbacks \d+ \(\d+\/s\)$/), "\(line)")
    demo.type("q")
    #expect(demo.readToEnd().contains("fallbacks"))
    #expect(demo.exitCode == 0)
  }

  /// Where the terminal knows no sequences, lines are printed and none of them is lost.
  @Test func aDumbTerminalGetsLines() throws {
    let demo = try terminal("TERM=dumb \(try WeirProcess.binary) demo --for 2s \(Self.options)")
    defer { demo.end() }
    let output = demo.readToEnd()
    #expect(!output.contains("\u{1B}") && output.contains("2s  answered"), "\(output)")
    #expect(output.contains("weir top --admin ") && output.contains("weir explain"), "\(output)")
  }

  /// Control-Z stops it as any job, with the terminal as it was; `fg` brings the screen back.
  @Test func controlZStopsTheJob() throws {
    let binary = try WeirProcess.binary
    let shell = try RunningCommand("/usr/bin/script", ["-qec", "bash --norc -i", "/dev/null"])
    defer { shell.end() }
    shell.type("\(binary) demo \(Self.options)\r")
    _ = shell.read(until: "q quit")
    shell.type("\u{1A}")
    #expect(shell.read(until: "Stopped").hasSuffix("Stopped"))
    shell.type("stty -a; echo asked\r")
    let words = shell.read(until: "\nasked").split(whereSeparator: \.isWhitespace)
    #expect(["icanon", "echo"].allSatisfy(words.contains), "\(words)")
    shell.type("fg\r")
    #expect(shell.read(until: "q quit").contains("\u{1B}[?1049h"))
    shell.type("q")
    #expect(shell.read(until: "The demo ended after ").hasSuffix("ended after "))
    shell.type("exit\r")
    _ = shell.readToEnd()
  }

  /// It needs no file: what the binary brings along is the repository's.
  @Test func itsConfigurationIsInTheBinary() throws {
    let file = "\(ExampleTests.root)/config/demo.yaml"
    let text = try Command.require(try WeirProcess.binary, ["demo", "--print-config"])
    #expect(try text == String(contentsOfFile: file, encoding: .utf8))
    let script = "cd / && \"$0\" demo --for 1s --port 0 --admin-port 0 2>&1"
    let output = try Command.run("sh", ["-c", script, try WeirProcess.binary])
    #expect(output.contains("The demo ended after "), "\(output)")
  }

  /// What it says until all of `events` have happened, and then to its end.
  private func demo(
    script: String, until events: [String] = [], _ options: String = ""
  ) throws -> (output: String, code: Int32) {
    let arguments = "demo \(options) \(Self.options)".split(separator: " ").map(String.init)
    let demo = try RunningCommand(try WeirProcess.binary, arguments + ["--script", script])
    defer { demo.end() }
    var output = ""
    for event in events where !output.contains(event) { output += demo.read(until: event) }
    if !events.isEmpty { demo.interrupt() }
    return (output + demo.readToEnd(), demo.exitCode)
  }

  /// A shell on a terminal of its own.
  private func terminal(_ command: String) throws -> RunningCommand {
    try RunningCommand("/usr/bin/script", ["-qec", command, "/dev/null"])
  }
}
