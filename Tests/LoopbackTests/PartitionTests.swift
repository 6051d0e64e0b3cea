import Foundation
import Glibc
import Testing
import WeirTesting

/// An endpoint in a network of its own is cut off and comes back.
///
/// Skipped, with the reason in the run's output, where namespaces cannot be had.
@Suite(
  .serialized,
  .enabled(if: IsolatedNetwork.missing == nil, "\(IsolatedNetwork.missing ?? "available")"))
struct PartitionTests {
  private static let post =
    "POST / HTTP/1.1\r\nHost: a\r\nX-Load-Id: cut\r\nContent-Length: 2\r\n\r\n{}"
  private let fleet: Fleet
  private var network: IsolatedNetwork { fleet.networks[0] }
  private var endpoint: NginxEndpoint { fleet.isolated[0] }

  init() throws { fleet = try Fleet(0, isolated: 1) }

  private func connected() throws -> BlockingSocket {
    try .connect(port: endpoint.port, host: endpoint.host)
  }

  @Test func losesWhatIsSentOverALinkThatIsDown() throws {
    let socket = try connected()
    try network.linkDown()
    try socket.send(Self.post)
    #expect(try Patience.waits { try network.isRetransmitting() })
    #expect(fleet.journal.entries.isEmpty)
    try network.linkUp()
    #expect(try socket.receiveMessage().contains("x-endpoint: isolated-0\r\n"))
    #expect(fleet.journal.entries.count == 1)
  }

  @Test func dropsRequests() throws {
    let socket = try connected()
    try network.drop(.requests)
    try socket.send(Self.post)
    #expect(try Patience.waits { try network.droppedCount(.requests) > 1 })
    #expect(fleet.journal.entries.isEmpty)
    try network.undrop(.requests)
    #expect(try socket.receiveMessage().hasPrefix("HTTP/1.1 200"))
    #expect(try network.droppedCount(.requests) == 0)
  }

  /// Acted upon, and not even acknowledged: what looks unsent was not.
  @Test func dropsAnswers() throws {
    let socket = try connected()
    try network.drop(.answers)
    try socket.send(Self.post)
    #expect(Patience.waits { fleet.journal.entries.count == 1 })
    #expect(try Patience.waits { try network.isRetransmitting() })
    try network.undrop(.answers)
    #expect(try socket.receiveMessage().hasPrefix("HTTP/1.1 200"))
    #expect(fleet.journal.repeated().isEmpty)
  }

  @Test(arguments: [true, false]) func aProxyNamesWhatItCannotReach(byLink: Bool) throws {
    let proxy = try RunningProxy(
      addresses: fleet.addresses, upstream: "timeouts: { connect: 100ms }")
    if byLink { try network.linkDown() } else { try network.drop(.requests) }
    #expect(try proxy.get("/").contains("details=\"connect_timeout"))
    if byLink { try network.linkUp() } else { try network.undrop(.requests) }
    // The neighbour's address is asked for once a second.
    #expect(try Patience.waits { try proxy.get("/").contains("x-endpoint: isolated-0\r\n") })
    #expect(proxy.stop())
  }

  /// The folder of a process that has died is swept with what lives in it; those of the living stay.
  @Test func sweepsWhatTheDeadLeft() throws {
    let process = ChildProcess()
    process.executableURL = URL(filePath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    let dead = "weir-\(process.processIdentifier)-1"
    try Command.require("ip", ["netns", "add", dead])
    let ended = DispatchSemaphore(value: 0)
    let left = ChildProcess()
    left.executableURL = URL(filePath: "/usr/bin/env")
    left.arguments = ["ip", "netns", "exec", dead, "tail", "-f", "/dev/null"]
    left.terminationHandler = { _ in ended.signal() }
    try left.run()
    defer { left.signal(SIGKILL) }
    let isInside = try Patience.waits {
      try Command.require("ip", ["netns", "pids", dead]).contains("\(left.processIdentifier)")
    }
    #expect(isInside)
    IsolatedNetwork.sweep()
    #expect(ended.comes())
    let list = try Command.require("ip", ["netns", "list"])
    #expect(!list.contains(dead) && list.contains(network.namespace))
  }
}
