import Foundation
import Testing
import WeirTesting

/// The admin listener under clients that mean it ill.
@Suite(.serialized)
struct AdminTests {
  private func proxy() throws -> RunningProxy {
    try RunningProxy(
      """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 5s }
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: { prefix: / }, respond: { body: here } }] }
      """)
  }

  /// Requests behind one another, so that the last one's body crosses the end of the block.
  @Test func takesABodyThatCrossesTheBlock() throws {
    let proxy = try proxy()
    let one = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    let put = "PUT /log-level HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n"
    let count = (16_384 - put.utf8.count - 1000) / one.utf8.count
    let socket = try BlockingSocket.connect(port: proxy.adminPort)
    try socket.send(
      String(repeating: one, count: count) + put + String(repeating: "a", count: 4096))
    socket.shutdownSend()
    let answers = try socket.receiveAll()
    #expect(answers.components(separatedBy: "alive").count == count + 1)
    #expect(answers.contains("HTTP/1.1 400 "))
    #expect(try proxy.admin("/livez").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  @Test func answersAProbeWhileConnectionsAreHeld() throws {
    let proxy = try proxy()
    let idle = try (0..<200).map { index in
      let socket = try BlockingSocket.connect(port: proxy.adminPort)
      if index % 2 == 0 { try socket.send("GET /livez HTTP/1.1\r\nHo") }
      return socket
    }
    #expect(try proxy.admin("/livez").hasPrefix("HTTP/1.1 200 "))
    for socket in idle { socket.close() }
    #expect(proxy.stop())
  }
}
