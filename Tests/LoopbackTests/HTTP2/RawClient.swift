import WeirTesting

/// A client that writes HTTP/2 frames by hand to a real socket and reads what comes back.
final class RawClient {
  /// A frame that came.
  struct Frame {
    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]

    var isEnd: Bool { (type == 0 || type == 1) && flags & 1 == 1 }
    /// The code of RST_STREAM.
    var word: UInt32 { payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
    /// GOAWAY's code.
    var code: UInt32 { payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
  }

  private let socket: BlockingSocket
  private var unparsed: [UInt8] = []
  private(set) var frames: [Frame] = []
  private(set) var hasEnded = false

  /// `isBegun`: the preface and SETTINGS are sent at once.
  init(port: UInt16, isBegun: Bool = true) throws {
    socket = try BlockingSocket.connect(port: port)
    if isBegun { try socket.send(HTTP2Frames.begun.bytes) }
  }

  func send(_ write: (inout HTTP2Frames) -> Void) throws {
    var frames = HTTP2Frames()
    write(&frames)
    try socket.send(frames.bytes)
  }

  func send(_ bytes: [UInt8]) throws { try socket.send(bytes) }
  func shutdownSend() { socket.shutdownSend() }

  /// Reads until a frame is as `isWanted` says; nil: the connection ended before.
  @discardableResult
  func next(_ isWanted: (Frame) -> Bool) throws -> Frame? {
    var looked = 0
    while true {
      while looked < frames.count {
        looked += 1
        if isWanted(frames[looked - 1]) { return frames[looked - 1] }
      }
      guard try read() else { return nil }
    }
  }

  /// Reads until the connection ends.
  func readAll() throws { while try read() {} }

  private func read() throws -> Bool {
    guard !hasEnded else { return false }
    let bytes = try socket.receive()
    if bytes.isEmpty { hasEnded = true }
    unparsed += bytes
    while unparsed.count >= 9 {
      let length = unparsed.prefix(3).reduce(0) { $0 << 8 | Int($1) }
      guard unparsed.count >= 9 + length else { break }
      frames.append(
        Frame(
          type: unparsed[3], flags: unparsed[4],
          stream: unparsed[5..<9].reduce(0) { $0 << 8 | UInt32($1) },
          payload: Array(unparsed[9..<9 + length])))
      unparsed.removeFirst(9 + length)
    }
    return !hasEnded
  }

  /// All payload of a stream that came so far.
  func payload(of stream: UInt32) -> [UInt8] {
    frames.filter { $0.type == 0 && $0.stream == stream }.flatMap(\.payload)
  }
}
