import Foundation
import Glibc
import Synchronization

/// A network namespace joined to ours by a veth pair: what lives in it can be cut off as by a pulled
/// cable (`linkDown`) or by a firewall that says nothing (`drop`).
///
///     ours: weir<i> 198.18.x.y ═══ veth ═══ weirend 198.18.x.y+1 : weir-<pid>-<n>
///
/// Addresses: a /30 of 198.18.0.0/15, kept for tests of networks (RFC 2544 annex C.2.2). Which one
/// is decided by the name of our end, which the kernel gives once. The far end is the one that goes
/// down: ours stays up with its route, so nothing leaves by another way and nobody is told. What
/// processes that have died left behind is swept before the first one of a process.
final class IsolatedNetwork {
  let namespace: String
  let endpointAddress: String
  /// The same in host order.
  let endpointHost: UInt32
  private let link: String

  private static let count = Atomic(0)
  private static let networksMax = 4096

  /// Why there can be none here; nil: there can.
  static let missing: String? = {
    let tools = ["ip", "iptables", "ss"].filter { tool in
      !["/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"].contains {
        FileManager.default.isExecutableFile(atPath: $0 + tool)
      }
    }
    if !tools.isEmpty { return "not installed: \(tools.joined(separator: ", "))" }
    // linux/capability.h: CAP_NET_ADMIN is 12, CAP_SYS_ADMIN 21.
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") } ?? ""
    let set = line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } ?? 0
    guard set >> 12 & 1 == 1, set >> 21 & 1 == 1 else {
      return "network namespaces need CAP_NET_ADMIN and CAP_SYS_ADMIN"
    }
    return nil
  }()

  private static let isSwept: Bool = {
    sweep()
    return true
  }()

  init() throws {
    _ = Self.isSwept
    let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    let namespace = "weir-\(getpid())-\(number)"
    try Command.require("ip", ["netns", "add", namespace])
    self.namespace = namespace
    do {
      let index = try Self.joined(to: namespace)
      link = "weir\(index)"
      let base = 0xC612_0000 + UInt32(index) * 4
      endpointHost = base + 2
      endpointAddress = Self.text(base + 2)
      try Command.require("ip", ["address", "add", Self.text(base + 1) + "/30", "dev", link])
      try Command.require("ip", ["link", "set", link, "up"])
      let inside = ["-n", namespace]
      try Command.require(
        "ip", inside + ["address", "add", Self.text(base + 2) + "/30", "dev", "weirend"])
      try Command.require("ip", inside + ["link", "set", "lo", "up"])
      try Command.require("ip", inside + ["link", "set", "weirend", "up"])
    } catch {
      _ = try? Command.require("ip", ["netns", "delete", namespace])
      throw error
    }
  }

  deinit {
    _ = try? Command.require("ip", ["link", "delete", link])
    _ = try? Command.require("ip", ["netns", "delete", namespace])
  }

  /// The cable is pulled: packets are lost both ways, connections stay as they are.
  func linkDown() throws {
    try Command.require("ip", ["-n", namespace, "link", "set", "weirend", "down"])
  }

  func linkUp() throws {
    try Command.require("ip", ["-n", namespace, "link", "set", "weirend", "up"])
  }

  /// What a firewall at the endpoint drops without a word.
  enum Direction: String {
    /// Packets to the endpoint.
    case requests = "INPUT"
    /// Packets from it, acknowledgements of what it has read included.
    case answers = "OUTPUT"
  }

  func drop(_ direction: Direction) throws {
    try iptables(["-I", direction.rawValue, "-p", "tcp", "-j", "DROP"])
  }

  func undrop(_ direction: Direction) throws {
    try iptables(["-D", direction.rawValue, "-p", "tcp", "-j", "DROP"])
  }

  /// Drops the next packet that begins a connection, and then every other one.
  func dropFirstHandshake() throws {
    try iptables([
      "-I", "INPUT", "-p", "tcp", "--syn", "-m", "statistic", "--mode", "nth", "--every", "2",
      "--packet", "0", "-j", "DROP",
    ])
  }

  /// Packets that `drop` has dropped.
  func droppedCount(_ direction: Direction) throws -> Int {
    let lines = try iptables(["-L", direction.rawValue, "-v", "-n", "-x"]).split(separator: "\n")
    let counts = lines.filter { $0.contains("DROP") && !$0.hasPrefix("Chain") }
    return counts.compactMap { Int($0.split(separator: " ").first ?? "") }.reduce(0, +)
  }

  /// Whether our kernel has sent something to the endpoint again for want of an acknowledgement.
  func isRetransmitting() throws -> Bool {
    try Command.require("ss", ["-tino", "dst", endpointAddress]).contains("backoff:")
  }

  @discardableResult
  private func iptables(_ arguments: [String]) throws -> String {
    try Command.require("ip", ["netns", "exec", namespace, "iptables", "-w"] + arguments)
  }

  /// The number of the first pair that nobody has.
  private static func joined(to namespace: String) throws -> Int {
    var last: any Error = CancellationError()
    for index in 0..<networksMax
    where !FileManager.default.fileExists(atPath: "/sys/class/net/weir\(index)") {
      do {
        try Command.require(
          "ip",
          [
            "link", "add", "weir\(index)", "type", "veth", "peer", "name", "weirend", "netns",
            namespace,
          ])
        return index
      } catch { last = error }
      // Somebody else was quicker, or nobody may.
      if !FileManager.default.fileExists(atPath: "/sys/class/net/weir\(index)") { throw last }
    }
    throw last
  }

  private static func text(_ host: UInt32) -> String {
    [24, 16, 8, 0].map { "\(host >> $0 & 0xFF)" }.joined(separator: ".")
  }

  /// Ends what lives in namespaces of test processes that are gone, and deletes them.
  static func sweep() {
    let list = (try? Command.require("ip", ["netns", "list"])) ?? ""
    for line in list.split(separator: "\n") {
      let name = line.prefix { $0 != " " }
      guard let found = name.wholeMatch(of: /weir-(\d+)-\d+/), let owner = pid_t(found.1),
        Glibc.kill(owner, 0) != 0, errno == ESRCH
      else { continue }
      let inside = (try? Command.require("ip", ["netns", "pids", String(name)])) ?? ""
      for process in inside.split(separator: "\n").compactMap({ pid_t($0) }) where process > 1 {
        _ = Glibc.kill(process, SIGKILL)
      }
      _ = try? Command.require("ip", ["netns", "delete", String(name)])
    }
  }
}
