import Foundation
import Glibc
import WeirTesting

/// The real binary, `weir run`, as a process: for signals, descriptors and exit codes.
final class WeirProcess {
  let port: UInt16
  let adminPort: UInt16
  private let reservations: [PortReservation]
  let folder: String
  private let process = ChildProcess()
  private let ended = DispatchSemaphore(value: 0)

  struct Unusable: Error {
    var reason: String
  }

  /// Where the products of this build are: beside the tests' own executable.
  static var binary: String {
    get throws {
      let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      return URL(filePath: own).deletingLastPathComponent().appending(path: "weir").path
    }
  }

  /// Where its log goes.
  enum LogTarget {
    case file
    /// A pipe that takes nothing and that nobody reads.
    case fullPipe
  }

  /// `body`: what stands behind `admin` and the listener's address; `descriptors`: the most it may
  /// have open.
  init(
    descriptors: Int? = nil, drain: String = "delay: 0s, timeout: 5s",
    logsTo target: LogTarget = .file, _ body: (_ folder: String) -> String
  ) throws {
    reservations = try (0..<2).map { _ in try PortReservation() }
    port = reservations[0].port
    adminPort = reservations[1].port
    folder = NSTemporaryDirectory() + "weir-process-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let text = """
      workers: 1
      admin: { address: "127.0.0.1:\(adminPort)" }
      drain: { \(drain) }
      listeners:
        - name: ingress
          address: 127.0.0.1:\(port)
      \(body(folder))
      """
    try text.write(toFile: folder + "/weir.yaml", atomically: true, encoding: .utf8)
    let limit = descriptors.map { "ulimit -n \($0); " } ?? ""
    process.executableURL = URL(filePath: "/bin/sh")
    let log = target == .file ? "2>\(folder)/log" : ""
    if target == .fullPipe { process.standardError = try Self.fullPipe() }
    process.arguments = [
      "-c", "\(limit)exec \"$0\" run --config \(folder)/weir.yaml \(log)",
      try Self.binary,
    ]
    let ended = ended
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    var isListening = false
    _ = Patience.waits {
      isListening = (try? BlockingSocket.connect(port: adminPort)) != nil
      return isListening || !process.isRunning
    }
    guard isListening else { throw Unusable(reason: log) }
    // The admin listener is there before the proxy serves.
    _ = Patience.waits {
      (try? ask(adminPort, "/readyz"))?.contains("not ready: starting") == false
        || !process.isRunning
    }
  }

  private static func fullPipe() throws -> Pipe {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let page = [UInt8](repeating: 0x2E, count: 4096)
    // SAFETY: `page` outlives the call.
    while unsafe page.withUnsafeBytes({ unsafe write(descriptor, $0.baseAddress, 4096) }) > 0 {}
    _ = fcntl(descriptor, F_SETFL, 0)
    return pipe
  }

  deinit {
    process.signal(SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Its log so far.
  var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

  /// The most memory that it has held at once (proc(5), `VmHWM`); -1: it is gone.
  var peakResidentKiB: Int {
    let status = "/proc/\(process.processIdentifier)/status"
    let text = (try? String(contentsOfFile: status, encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return Int(line.filter(\.isNumber)) ?? -1
  }

  /// From here on it gets no descriptor with a number of that or above.
  func limitDescriptors(to most: Int) throws {
    try Command.require(
      "prlimit", ["--pid", "\(process.processIdentifier)", "--nofile=\(most):"])
  }

  func signal(_ number: Int32) { process.signal(number) }

  func setLogLevel(_ level: String) throws {
    let socket = try BlockingSocket.connect(port: adminPort)
    defer { socket.close() }
    try socket.send(
      "PUT /log-level HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(level.utf8.count)"
        + "\r\n\r\n\(level)")
    _ = try socket.receiveAll()
  }

  /// The exit code; -1: it did not end in time, or by a signal.
  func wait() -> Int32 {
    ended.comes() ? process.exitCode : -1
  }

  func ask(_ port: UInt16, _ path: String) throws -> String {
    let socket = try BlockingSocket.connect(port: port)
    try socket.send("GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    return try socket.receiveAll()
  }

  /// Asks until `condition` holds; false: it did not within the tests' patience.
  func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    try Patience.waits(until: condition)
  }
}
