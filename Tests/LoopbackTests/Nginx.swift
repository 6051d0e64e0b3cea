import Foundation
import Glibc
import WeirTesting

/// A real nginx as an endpoint: serves a large file and what else a test writes, takes uploads.
final class Nginx {
  static let largeBytes = 20_000_000
  let port: UInt16
  private let reservation: PortReservation
  let largeFile: String
  private let folder: String
  private let process = ChildProcess()
  private let ended = DispatchSemaphore(value: 0)

  struct Unusable: Error {
    var reason: String
  }

  init() throws {
    reservation = try PortReservation()
    port = reservation.port
    folder = NSTemporaryDirectory() + "weir-nginx-\(UUID().uuidString)"
    largeFile = folder + "/large"
    try FileManager.default.createDirectory(
      atPath: folder + "/temporary", withIntermediateDirectories: true)
    // Workers of a nginx that root started are another user.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
    try Data(repeating: 0x61, count: Self.largeBytes).write(to: URL(filePath: largeFile))
    let configuration = """
      daemon off; master_process off; worker_processes 1; pid \(folder)/pid;
      error_log \(folder)/error.log;
      events { worker_connections 256; }
      http {
        include /etc/nginx/mime.types; access_log off; root \(folder); client_max_body_size 0;
        client_body_temp_path \(folder)/temporary; proxy_temp_path \(folder)/p;
        fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
        server {
          listen 127.0.0.1:\(port);
          location /upload { dav_methods PUT; }
        }
      }
      """
    let file = folder + "/nginx.conf"
    try configuration.write(toFile: file, atomically: true, encoding: .utf8)
    process.executableURL = URL(filePath: "/usr/sbin/nginx")
    process.arguments = ["-c", file, "-e", folder + "/error.log", "-p", folder]
    let ended = ended
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    var isListening = false
    _ = Patience.waits {
      isListening = (try? BlockingSocket.connect(port: port)) != nil
      return isListening || !process.isRunning
    }
    if isListening { return }
    throw Unusable(
      reason: (try? String(contentsOfFile: folder + "/error.log", encoding: .utf8)) ?? "no log")
  }

  var uploadedBytes: Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/upload")
    return attributes?[.size] as? Int ?? -1
  }

  /// Puts a file where it is served.
  func write(_ name: String, _ text: String) throws {
    try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
  }

  func stop() {
    process.signal(SIGKILL)
    _ = ended.comes()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
