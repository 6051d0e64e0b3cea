import Testing
import WeirTesting

/// Defaults against the kernel's own clocks.
@Suite(
  .serialized,
  .enabled(if: IsolatedNetwork.missing == nil, "\(IsolatedNetwork.missing ?? "available")"))
struct LostHandshakeTests {
  /// The first SYN is lost, as in a queue that is full: the kernel sends another after a second, and
  /// the request is served, by the default time to connect.
  @Test func aConnectionOutlivesALostPacket() throws {
    let fleet = try Fleet(0, isolated: 1)
    let endpoint = fleet.isolated[0]
    let proxy = try RunningProxy(addresses: ["\(endpoint.address):\(endpoint.port)"])
    try fleet.networks[0].dropFirstHandshake()
    let answer = try proxy.get("/alive-there")
    #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
    #expect(try fleet.networks[0].droppedCount(.requests) == 1)
    #expect(try proxy.opened() == 1)
    #expect(proxy.stop())
  }
}
