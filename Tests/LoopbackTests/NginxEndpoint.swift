import Foundation
import Glibc
import WeirTesting

/// A real nginx as one endpoint of several, which a test kills, pauses and starts again.
///
/// Names itself in `x-endpoint` and asks the test's origin, which journals what it is asked (never
/// twice: `proxy_next_upstream` is off). One process without a master, so that a signal meets all of
/// it. Its port stays its own between two lives. `network`: where it lives instead of here.
final class NginxEndpoint {
  let name: String
  /// As configuration and `BlockingSocket` write it.
  let address: String
  let host: UInt32
  let port: UInt16
  private let folder: String
  private let network: IsolatedNetwork?
  private let reservation: PortReservation?
  private var process = ChildProcess()
  private var ended = DispatchSemaphore(value: 0)

  struct Unusable: Error {
    var reason: String
  }

  /// `folder`: exists; the endpoint makes its own in it. Starts at once.
  init(
    _ name: String, origin: JournaledOrigin, in folder: String, network: IsolatedNetwork? = nil
  ) throws {
    self.name = name
    self.network = network
    self.folder = "\(folder)/\(name)"
    reservation = network == nil ? try PortReservation() : nil
    port = reservation?.port ?? 8080
    address = network?.endpointAddress ?? "127.0.0.1"
    host = network?.endpointHost ?? 0x7F00_0001
    try FileManager.default.createDirectory(
      atPath: self.folder, withIntermediateDirectories: true)
    try configuration(origin).write(
      toFile: self.folder + "/nginx.conf", atomically: true, encoding: .utf8)
    try start()
  }

  private func configuration(_ origin: JournaledOrigin) -> String {
    """
    daemon off; master_process off; worker_processes 1; pid \(folder)/pid;
    error_log \(folder)/error.log;
    events { worker_connections 1024; }
    http {
      access_log off; client_max_body_size 0; keepalive_requests 100000;
      client_body_temp_path \(folder)/b; proxy_temp_path \(folder)/p;
      fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
      server {
        listen \(address):\(port) backlog=512;
        add_header x-endpoint \(name) always;
        location / {
          proxy_pass http://unix:\(origin.path):;
          proxy_set_header x-endpoint \(name);
          proxy_next_upstream off;
        }
        location = /alive { return 200 \(name); }
      }
    }
    """
  }

  deinit { kill() }

  /// Begins a life; nothing if it lives. Returns when it accepts connections.
  func start() throws {
    guard !process.isRunning else { return }
    let arguments = ["/usr/sbin/nginx", "-c", folder + "/nginx.conf", "-e", folder + "/error.log"]
    let entering = network.map { ["ip", "netns", "exec", $0.namespace] } ?? []
    let ended = DispatchSemaphore(value: 0)
    process = ChildProcess()
    // `env` and `ip` become nginx: the process is the same, and so is its number.
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = entering + arguments + ["-p", folder]
    process.terminationHandler = { _ in ended.signal() }
    self.ended = ended
    try process.run()
    var isListening = false
    _ = Patience.waits {
      isListening = (try? BlockingSocket.connect(port: port, host: host)) != nil
      return isListening || !process.isRunning
    }
    if isListening { return }
    throw Unusable(
      reason: (try? String(contentsOfFile: folder + "/error.log", encoding: .utf8)) ?? "no log")
  }

  /// SIGKILL: its connections end as the kernel ends them. Returns when it is gone.
  func kill() {
    guard process.isRunning else { return }
    signal(SIGKILL)
    _ = ended.comes()
  }

  /// SIGSTOP: the kernel still takes connections and bytes for it. Returns when it stands still.
  func pause() throws {
    signal(SIGSTOP)
    try expect("T", true)
  }

  /// SIGCONT: goes on with what has waited.
  func resume() throws {
    signal(SIGCONT)
    try expect("T", false)
  }

  private func signal(_ number: Int32) { process.signal(number) }

  /// Waits until the process' state is, or is not, `state` (proc(5), `stat`).
  private func expect(_ state: Character, _ wanted: Bool) throws {
    let file = "/proc/\(process.processIdentifier)/stat"
    let isSo = try Patience.waits {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      let found = text.split(separator: ")").last?.first { $0 != " " }
      return (found == state) == wanted
    }
    if !isSo { throw Unusable(reason: "not \(wanted ? "" : "un")paused") }
  }
}
