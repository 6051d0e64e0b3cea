import Glibc
import Testing
import WeirTesting

/// Endpoints that are killed, paused and started again are just that.
@Suite(.serialized)
struct NginxEndpointTests {
  private let fleet: Fleet
  init() throws { fleet = try Fleet(2) }

  private func ask(_ endpoint: NginxEndpoint, id: String) throws -> String {
    let socket = try BlockingSocket.connect(port: endpoint.port)
    try socket.send("POST / HTTP/1.0\r\nX-Load-Id: \(id)\r\nContent-Length: 2\r\n\r\n{}")
    return try socket.receiveAll()
  }

  @Test func nameThemselves() throws {
    for (number, endpoint) in fleet.endpoints.enumerated() {
      #expect(try ask(endpoint, id: "\(number)").contains("x-endpoint: endpoint-\(number)\r\n"))
    }
    let expected = (0...1).map {
      RequestJournal.Entry(id: "\($0)", method: "POST", endpoint: "endpoint-\($0)")
    }
    #expect(fleet.journal.entries == expected)
  }

  @Test func dieAndComeBackOnTheirPorts() throws {
    let endpoint = fleet.endpoints[0]
    let kept = try BlockingSocket.connect(port: endpoint.port)
    // nginx has accepted it: what waits to be accepted would be reset.
    try kept.send("GET /alive HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try kept.receiveMessage().hasSuffix("endpoint-0"))
    endpoint.kill()
    #expect(try kept.receive().isEmpty)
    #expect { try BlockingSocket.connect(port: endpoint.port) } throws: {
      ($0 as? BlockingSocket.Failure)?.number == ECONNREFUSED
    }
    #expect(try ask(fleet.endpoints[1], id: "other").hasPrefix("HTTP/1.1 200"))
    try endpoint.start()
    #expect(try ask(endpoint, id: "again").hasPrefix("HTTP/1.1 200"))
  }

  @Test func standStillAndGoOn() throws {
    let endpoint = fleet.endpoints[0]
    try endpoint.pause()
    // The kernel takes it all.
    let socket = try BlockingSocket.connect(port: endpoint.port)
    try socket.send("GET / HTTP/1.0\r\nX-Load-Id: paused\r\n\r\n")
    #expect(try ask(fleet.endpoints[1], id: "other").hasPrefix("HTTP/1.1 200"))
    #expect(fleet.journal.entries.map(\.id) == ["other"])
    try endpoint.resume()
    #expect(try socket.receiveAll().hasPrefix("HTTP/1.1 200"))
    #expect(fleet.journal.entries.map(\.id) == ["other", "paused"])
  }

  @Test func dieWhilePaused() throws {
    try fleet.endpoints[0].pause()
    fleet.endpoints[0].kill()
    try fleet.endpoints[0].start()
    #expect(try ask(fleet.endpoints[0], id: "a").hasPrefix("HTTP/1.1 200"))
  }
}
