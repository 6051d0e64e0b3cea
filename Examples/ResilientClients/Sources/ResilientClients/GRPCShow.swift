import GRPCCore
import GRPCInProcessTransport
import Resilience
import Synchronization

/// A grpc-swift client whose interceptor is the library's.
struct GRPCShow {
  private static let method = MethodDescriptor(
    fullyQualifiedService: "pharmacy.Stock", method: "Read")

  func run() async throws {
    let isWell = Atomic(true)
    let calls = Atomic<Int>(0)
    let breaker = CircuitBreaker(
      name: "stock", policy: CircuitBreakerPolicy(consecutiveFailures: 3))
    let work: @Sendable () async throws -> Void = {
      calls.add(1, ordering: .relaxed)
      if !isWell.load(ordering: .relaxed) { throw RPCError(code: .unavailable, message: "down") }
    }
    let interceptor = ResilienceInterceptor(policy: InPlacePolicy(breaker: breaker))
    try await withStock(work, interceptor) { client in
      try promise(try await Self.read(client) == [7], "a call is answered")
      isWell.store(false, ordering: .relaxed)
      for _ in 0..<3 { _ = try? await Self.read(client) }
      try promise(breaker.state == .open, "three failures open the breaker")
      let before = calls.load(ordering: .relaxed)
      do {
        _ = try await Self.read(client)
        throw PromiseBroken(promise: "an open breaker refuses")
      } catch let error as RPCError where error.message.contains("circuit breaker stock") {
        print("  \(error.code): \(error.message)")
      }
      try promise(calls.load(ordering: .relaxed) == before, "a refused call reaches nobody")
    }
  }

  private static func read(
    _ client: GRPCClient<InProcessTransport.Client>
  ) async throws -> [UInt8] {
    try await client.unary(
      request: ClientRequest(message: [1]), descriptor: method, serializer: Bytes(),
      deserializer: Bytes(), options: .defaults
    ) { response in try response.message }
  }

  /// Runs `body` with a client of a service in this process, whose calls do `work`.
  private func withStock(
    _ work: @escaping @Sendable () async throws -> Void, _ interceptor: ResilienceInterceptor,
    _ body: @escaping @Sendable (GRPCClient<InProcessTransport.Client>) async throws -> Void
  ) async throws {
    var router = RPCRouter<InProcessTransport.Server>()
    router.registerHandler(forMethod: Self.method, deserializer: Bytes(), serializer: Bytes()) {
      request, _ in
      for try await _ in request.messages {}
      try await work()
      return StreamingServerResponse { writer in
        try await writer.write([7])
        return [:]
      }
    }
    let transport = InProcessTransport()
    let server = GRPCServer(transport: transport.server, router: router)
    let client = GRPCClient(transport: transport.client, interceptors: [interceptor])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.serve() }
      group.addTask { try await client.runConnections() }
      defer {
        client.beginGracefulShutdown()
        server.beginGracefulShutdown()
      }
      try await body(client)
    }
  }
}

/// Messages that are bytes already.
struct Bytes: MessageSerializer, MessageDeserializer {
  func serialize<Target: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Target {
    Target(message)
  }

  func deserialize<Source: GRPCContiguousBytes>(_ bytes: Source) throws -> [UInt8] {
    bytes.withUnsafeBytes { Array($0) }
  }
}
