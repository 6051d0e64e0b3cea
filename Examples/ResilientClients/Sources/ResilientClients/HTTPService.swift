import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP service on loopback: it answers 503 for as many requests as it is told to.
final class HTTPService: Sendable {
  let port: Int
  private let channel: any Channel
  private let state: State

  final class State: Sendable {
    let failures = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
  }

  init(on group: any EventLoopGroup) async throws {
    let state = State()
    self.state = state
    channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
          try channel.pipeline.syncOperations.addHandler(Handler(state))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  var requests: Int { state.requests.load(ordering: .relaxed) }

  func fail(_ count: Int) { state.failures.store(count, ordering: .relaxed) }

  func close() async throws { try await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let state: State

    init(_ state: State) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .end = unwrapInboundIn(data) else { return }
      state.requests.add(1, ordering: .relaxed)
      let left = state.failures.load(ordering: .relaxed)
      if left > 0 { state.failures.store(left - 1, ordering: .relaxed) }
      let body = left > 0 ? "busy" : "prescription"
      let head = HTTPResponseHead(
        version: .http1_1, status: left > 0 ? .serviceUnavailable : .ok,
        headers: ["content-length": "\(body.utf8.count)"])
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
