import ArgumentParser
import Dispatch
import ProxyConfiguration
import Reactor
import Screens

/// `weir top`: what a running proxy does, live.
struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Shows live what a running proxy does, by route, upstream and endpoint.",
    discussion: """
      On a terminal it shows a screen; ? lists its keys. Elsewhere, and where TERM is dumb, it prints \
      the rows anew each interval.

        weir top --by endpoint --sort errors
        weir top --once --format json
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case all, route, upstream, endpoint
  }

  @Option(help: "Which rows: all, or those of routes, upstreams or endpoints.")
  var by: Kind = .all

  @Option(
    help: ArgumentHelp(
      "By what rows are sorted, the largest first: name, rate, errors, p99 or in-flight.",
      valueName: "order"))
  var sort: String = TopView.Order.name.rawValue

  @Option(help: "Only rows whose name, upstream, state or last error contain this.")
  var filter: String?

  @Option(help: ArgumentHelp("Between two looks, 100ms to 1m.", valueName: "duration"))
  var interval: String = "1s"

  @Flag(help: "Prints the rows once, after one interval, and ends.")
  var once = false

  @Option(help: "text: for people. json: an object a row and line, for programs.")
  var format: Format?

  @OptionGroup var admin: AdminOption

  private var duration: Duration? {
    guard let duration = Scalars.duration(interval) else { return nil }
    return (.milliseconds(100) ... .seconds(60)).contains(duration) ? duration : nil
  }

  func validate() throws {
    if duration == nil {
      throw ValidationError("--interval must be 100ms to 1m, such as 2s, not \(interval)")
    }
    guard TopView.Order(rawValue: sort) != nil else {
      let names = TopView.Order.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--sort must be one of \(names), not \(sort)")
    }
  }

  func run() throws {
    var view = TopView()
    view.kind = TopRow.Kind(rawValue: by.rawValue)
    view.order = TopView.Order(rawValue: sort) ?? .name
    view.filter = filter ?? ""
    let isScreen =
      format == nil && !once && Terminal.isThere && ThisProcess.environment("TERM") != "dumb"
    let address = try admin.address()
    let fault: String?
    do throws(Errno) {
      let top = try Top(
        Top.Options(
          address: address, proxy: admin.text, interval: duration ?? .seconds(1),
          isOnce: once, format: isScreen ? .screen : format == .json ? .json : .text,
          inColour: Terminal.wantsColour, view: view),
        write: Terminal.write)
      let signals = Signals([Signals.terminate, Signals.interrupt], on: .global()) { _ in
        top.end()
      }
      fault = try top.run()
      withExtendedLifetime(signals) {}
    } catch {
      ThisProcess.say("weir: \(error)")
      throw ExitCode.unavailable
    }
    if let fault {
      ThisProcess.say("weir: \(fault); --admin or WEIR_ADMIN names another proxy")
      throw ExitCode.unavailable
    }
  }
}
