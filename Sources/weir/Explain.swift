import ArgumentParser
import ControlPlane
import Primitives
import Reactor

/// `weir explain`: what became of one request, asked of the proxy that served it.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells what became of a request that failed, was tried again or was slow.",
    discussion: """
      Asks the running proxy. Without an id: the latest such requests, which --since, --status and \
      --route narrow down.

        weir explain --since 5m --status 5xx
        weir explain --route fhir --follow
        weir explain 0f3a0b4e-6d0c-4c39-9c2e-3a1d1f0c8b57
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Argument(help: "The request's id, as in its X-Request-ID and in the access log.")
  var requestID: String?

  @Option(help: ArgumentHelp("Those that ended in the last 90s, 5m, 2h.", valueName: "duration"))
  var since: String?

  @Option(help: "Those that were answered so: 503, 5xx or 500-504.")
  var status: String?

  @Option(help: "Those of this route; listener/route where two listeners have one of that name.")
  var route: String?

  @Flag(help: "Goes on: prints each such request when it has ended, the latest last.")
  var follow = false

  @Option(help: "text: for people. json: for programs; with --follow an object a line.")
  var format: Format = .text

  @OptionGroup var admin: AdminOption

  func validate() throws {
    guard requestID == nil || (!follow && since == nil && status == nil && route == nil) else {
      throw ValidationError("an id names one request; leave --follow and the filters out")
    }
  }

  func run() throws {
    let address = try admin.address()
    guard follow else {
      let text = try ask(address, requestID, filters + [("format", format.rawValue)])
      return print(text, terminator: "")
    }
    var news = ExplainNews()
    let asked = since ?? ExplainNews.window
    while true {
      let list = try ask(
        address, nil,
        filters.filter { $0.name != "since" }
          + [("since", asked), ("format", format == .json ? "jsonl" : "text")])
      for line in news.lines(in: list) { Terminal.write(line + "\n") }
      ExplainNews.pause()
    }
  }

  private var filters: [(name: String, value: String)] {
    [("since", since), ("status", status), ("route", route)]
      .compactMap { name, value in value.map { (name, $0) } }
  }

  /// The answer's text; ends the command where there is none.
  private func ask(
    _ address: SocketAddress, _ id: String?, _ filters: [(name: String, value: String)]
  ) throws -> String {
    let answer: AdminClient.Answer
    do throws(AdminClient.Unreachable) {
      answer = try AdminClient.explain(id, at: address, filters: filters)
    } catch {
      ThisProcess.say(
        "weir: \(admin.text) does not answer: \(error); --admin or WEIR_ADMIN names another proxy")
      throw ExitCode.unavailable
    }
    guard answer.status == 200 else {
      ThisProcess.say(answer.body.split(separator: "\n").joined(separator: "\n"))
      throw ExitCode(1)
    }
    return answer.body
  }
}
