import ControlPlane
import Primitives
import Reactor
import Screens
import Telemetry

/// `weir demo`: a small platform on loopback in this process, with Weir in front, and somebody who
/// breaks it.
///
/// ```
///  keys, script ──▶ services ◀── proxy ◀── traffic        all but the proxy on this loop
///                                  └── changes, reports ──▶ screen or lines
/// ```
package final class NDPDemo: @unchecked Sendable {
  // SAFETY: everything below is used on the demo's loop only, once `run` has begun.
  let loop: EventLoop
  let pool = BufferPool(bytesMax: 64 << 20)
  private let options: Options
  /// Prints as it is.
  private let write: (String) -> Void
  var endpoints: [[DemoService]] = []
  /// Endpoints by address.
  var names: [String: String] = [:]
  var traffic: [DemoTraffic] = []
  var plane: ControlPlane?
  var events = DemoEvents()
  /// The last minute of each service.
  var histories = DemoPlatform.services.map { _ in DemoHistory() }
  var rates = DemoRates()
  var report: MeshReport?
  var selection = DemoSelection()
  /// Services whose own breakers were forced open.
  var forced: Set<Int> = []
  private var steps: ArraySlice<DemoScript.Step> = []
  private var keyboard: ScreenKeyboard?
  private var ticker: Heartbeat?
  private var scripter: Heartbeat?
  private var startedAt: Instant
  private(set) var elapsed = 0
  private var ticks = 0
  private var isEnding = false

  package struct Options: Sendable {
    /// Ends by itself after that time.
    package var seconds: Int?
    /// A screen instead of lines.
    package var isTerminal: Bool
    /// On that screen.
    package var inColour: Bool
    package var script: DemoScript

    package init(seconds: Int?, isTerminal: Bool, inColour: Bool, script: DemoScript) {
      self.seconds = seconds
      self.isTerminal = isTerminal
      self.inColour = inColour
      self.script = script
    }
  }

  package struct Fault: Error, CustomStringConvertible {
    package var description: String
    /// The configuration is at fault, not the machine.
    package var isConfiguration = false
    /// The configuration could not be read.
    package var isUnreadable = false
  }

  /// Often enough for a countdown in tenths to look alive; the proxy is asked that often too.
  private static let ticksPerSecond = 4

  package init(_ options: Options, write: @escaping (String) -> Void) throws(Fault) {
    self.options = options
    self.write = write
    do throws(Errno) {
      loop = try EventLoop(kernel: LinuxKernel())
    } catch {
      throw Fault(description: "the demo cannot start: \(error)")
    }
    startedAt = loop.now
  }

  /// Starts the services and the proxy, then serves on the calling thread until it ends.
  package func run(configuration file: ConfigurationFile) throws(Fault) {
    do throws(Errno) {
      try startServices()
    } catch {
      throw Fault(description: "a service of the demo cannot listen: \(error)")
    }
    let plane = try startProxy(file)
    guard let proxy = plane.addresses.listeners["demo"] else {
      throw Fault(
        description: "\(file.path) has no listener named demo; give it one", isConfiguration: true)
    }
    do throws(Errno) {
      startedAt = loop.now
      for service in DemoPlatform.services {
        traffic.append(
          try DemoTraffic(loop: loop, pool: pool, target: proxy, service: service))
      }
      ticker = try Heartbeat(on: loop) { [unowned self] in tick() }
      scripter = try Heartbeat(on: loop) { [unowned self] in playScript() }
    } catch {
      throw Fault(description: "the demo's clients cannot start: \(error)")
    }
    begin()
    loop.run()
    keyboard?.end()
    write((options.isTerminal ? ScreenText.leave : "") + DemoText.summary(view) + "\n")
  }

  private func begin() {
    if options.isTerminal {
      keyboard = ScreenKeyboard(loop: loop, write: write) { [unowned self] in press($0) }
      write(ScreenText.enter)
    } else {
      write(
        "Weir demo: \(DemoPlatform.services.count) services behind one proxy. Try these in "
          + "another terminal:\n\n" + DemoText.hints(view).joined(separator: "\n") + "\n\n")
    }
    show()
    steps = options.script.steps[...]
    playScript()
    ticker?.arm(at: loop.now.advanced(by: .milliseconds(1000 / Int64(Self.ticksPerSecond))))
  }

  /// Ends it; any thread.
  package func end() {
    loop.mailbox.post { [self] in finish() }
  }

  /// Asks once more how things stand, for the summary, and then drains.
  func finish() {
    guard !isEnding else { return }
    isEnding = true
    for each in traffic { each.stop() }
    plane?.report { [self] last in
      loop.mailbox.post { [self] in take(last) }
      plane?.drain(delay: .zero)
    }
  }

  // MARK: Time

  private var milliseconds: Int { Int(loop.now.nanoseconds(since: startedAt) / 1_000_000) }

  private func tick() {
    guard !isEnding else { return }
    ticks += 1
    if ticks % Self.ticksPerSecond == 0 { turn() }
    plane?.report { [self] fresh in
      loop.mailbox.post { [self] in
        take(fresh)
        if options.isTerminal { show() }
      }
    }
    if let seconds = options.seconds, elapsed >= seconds { return finish() }
    // By the clock, so that seconds do not drift.
    let next = Int64(ticks + 1) * 1000 / Int64(Self.ticksPerSecond)
    ticker?.arm(at: startedAt.advanced(by: .milliseconds(next)))
  }

  private func turn() {
    elapsed += 1
    for (index, each) in traffic.enumerated() {
      each.turn()
      histories[index].add(each)
    }
    rates.turn()
    if !options.isTerminal { show() }
  }

  private func take(_ fresh: MeshReport) {
    report = fresh
    rates.update(fresh.counters)
  }

  private func playScript() {
    while let step = steps.first, step.milliseconds <= milliseconds {
      steps.removeFirst()
      perform(step.action)
    }
    guard let next = steps.first else { return }
    scripter?.arm(at: startedAt.advanced(by: .milliseconds(Int64(next.milliseconds))))
  }

  // MARK: Shown

  func note(_ change: MeshChange) {
    events.add(change, names, at: milliseconds)
    showLatest()
  }

  /// An event of the demo's own.
  func note(_ text: String, _ tone: ScreenTone) {
    events.add(text, tone, at: milliseconds)
    showLatest()
  }

  /// In a pipe an event is a line at once; the screen is drawn soon enough.
  private func showLatest() {
    guard !options.isTerminal, let event = events.recent.last else { return }
    write(DemoText.line(event) + "\n")
  }

  func show() {
    guard !isEnding else { return }
    guard options.isTerminal else {
      if elapsed > 0 { write(DemoText.line(view) + "\n") }
      return
    }
    // Asked each time: the terminal may have been resized.
    let size = Terminal.size ?? (80, 24)
    let screen = DemoScreen(columns: size.columns, rows: size.rows, inColour: options.inColour)
    write(screen.text(view, selection))
  }
}
