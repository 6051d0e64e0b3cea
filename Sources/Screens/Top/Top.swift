import ControlPlane
import Dispatch
import Primitives
import ProxyConfiguration
import Reactor

/// `weir top`: asks a proxy each second and shows what it answers.
///
/// ```
///  ticker ──▶ a thread asks the proxy ──▶ the loop keeps the answer ──▶ screen, lines or JSON
///  keys   ───────────────────────────────▶ view ──────────────────────▶ screen
/// ```
///
/// Asked beside the loop, so that keys are taken while a proxy hangs. Confinement: the loop.
package final class Top: @unchecked Sendable {
  // SAFETY: everything below is used on the loop only, once `run` has begun; the thread that asks
  // touches nothing of it.
  package enum Format: Sendable {
    case screen, text, json
  }

  package struct Options: Sendable {
    package var address: SocketAddress
    /// As it was given, for people.
    package var proxy: String
    package var interval: Duration
    /// Ends after the first rows.
    package var isOnce: Bool
    package var format: Format
    package var inColour: Bool
    package var view: TopView

    package init(
      address: SocketAddress, proxy: String, interval: Duration, isOnce: Bool, format: Format,
      inColour: Bool, view: TopView
    ) {
      self.address = address
      self.proxy = proxy
      self.interval = interval
      self.isOnce = isOnce
      self.format = format
      self.inColour = inColour
      self.view = view
    }
  }

  private let loop: EventLoop
  private let options: Options
  private let write: (String) -> Void
  private let queue = DispatchQueue(label: "weir.top")
  private var view: TopView
  private var keyboard: ScreenKeyboard?
  private var ticker: Heartbeat?
  private var last: TopSample?
  private var rows: [TopRow] = []
  /// Why the last question had no answer.
  private var fault: String?

  package init(_ options: Options, write: @escaping (String) -> Void) throws(Errno) {
    loop = try EventLoop(kernel: LinuxKernel())
    self.options = options
    self.write = write
    view = options.view
  }

  /// Serves on the calling thread until it ends. The text: why the proxy could not be asked, where
  /// that ended it.
  package func run() throws(Errno) -> String? {
    ticker = try Heartbeat(on: loop) { [unowned self] in ask() }
    if options.format == .screen {
      keyboard = ScreenKeyboard(loop: loop, write: write) { [unowned self] in press($0) }
      write(ScreenText.enter)
    }
    ask()
    loop.run()
    keyboard?.end()
    if options.format == .screen { write(ScreenText.leave) }
    return last == nil ? fault ?? "no answer" : options.format == .screen ? nil : fault
  }

  /// Ends it; any thread.
  package func end() { loop.mailbox.post { [self] in loop.stop() } }

  // MARK: Looks

  private func ask() {
    let address = options.address
    queue.async { [self] in
      let answer = Self.look(address)
      loop.mailbox.post { [self] in take(answer) }
    }
  }

  private struct Fault: Error {
    var text: String
  }

  private static func look(_ address: SocketAddress) -> Result<TopSample, Fault> {
    do throws(AdminClient.Unreachable) {
      let upstreams = try AdminClient.ask(address, "/upstreams?format=json")
      let routes = try AdminClient.ask(address, "/routes?format=json")
      guard upstreams.status == 200, routes.status == 200,
        let sample = TopSample(
          upstreams: upstreams.body, routes: routes.body, at: LinuxKernel.monotonicNow)
      else {
        return .failure(Fault(text: "its /upstreams and /routes are not those of this version"))
      }
      return .success(sample)
    } catch {
      return .failure(Fault(text: "\(error)"))
    }
  }

  private func take(_ answer: Result<TopSample, Fault>) {
    switch answer {
    case .success(let sample):
      fault = nil
      let before = last
      last = sample
      // A rate needs two looks.
      if let before, !view.isPaused {
        rows = sample.rows(since: before)
        show()
        if options.isOnce { return loop.stop() }
      } else if options.format == .screen {
        show()
      }
    case .failure(let reason):
      fault = "\(options.proxy) does not answer: \(reason.text)"
      // A screen stays: the proxy may be starting again.
      guard options.format == .screen, !options.isOnce, last != nil else { return loop.stop() }
      show()
    }
    ticker?.arm(at: loop.now.advanced(by: options.interval))
  }

  private func press(_ key: ScreenKey) {
    if view.press(key) == .quit { return loop.stop() }
    show()
  }

  private func show() {
    switch options.format {
    case .json:
      for row in view.chosen(rows) { write(row.json.text + "\n") }
    case .text:
      let columns = Terminal.isThere ? Terminal.size?.columns : nil
      write(
        TopScreen.plain(rows, view, columns: columns ?? TopScreen.plainColumns)
          + (options.isOnce ? "" : "\n"))
    case .screen:
      // Asked each time: the terminal may have been resized.
      let size = Terminal.size ?? (80, 24)
      let screen = TopScreen(columns: size.columns, rows: size.rows, proxy: options.proxy)
      write(
        ScreenText.page(
          screen.lines(rows, view, fault: fault), columns: size.columns, rows: size.rows,
          inColour: options.inColour))
    }
  }
}
