import HTTPClient
import HTTPModel
import Primitives
import Reactor

/// One connection of the demo's traffic to the proxy: one request after another.
///
/// Confinement: its loop. It tells its `DemoTraffic` how each request ended.
final class DemoLane {
  /// Longer than any route of the demo may take.
  private static let patience: Duration = .seconds(5)

  private let loop: EventLoop
  private let client: ClientConnection
  private unowned let traffic: DemoTraffic

  init(loop: EventLoop, pool: BufferPool, target: SocketAddress, traffic: DemoTraffic) {
    self.loop = loop
    client = ClientConnection(loop: loop, pool: pool, address: target)
    self.traffic = traffic
  }

  /// Precondition: none is on its way here.
  func send(_ request: DemoRequest) {
    let sentAt = loop.now
    let hasBody = !request.body.isEmpty
    let call = ClientCall(
      request.method, request.path, host: "demo.ndp.test",
      fields: hasBody ? [(name: "content-type", value: "application/fhir+json")] : [],
      body: Array(request.body.utf8), keepsOpen: true)
    let fault = client.begin(call, until: sentAt.advanced(by: Self.patience)) {
      [unowned self] result in
      let status = try? result.get().status
      traffic.ended(
        self, status: status.map(Int.init), nanoseconds: loop.now.nanoseconds(since: sentAt))
    }
    if fault != nil { traffic.ended(self, status: nil, nanoseconds: 0) }
  }

  /// Precondition: no request is on its way.
  func close() {
    precondition(client.isIdle, "a request would be lost")
    client.close()
  }
}
