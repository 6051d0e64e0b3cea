import Foundation

/// A service of gRPC as teams have it: `grpcio`. It echoes what it is sent; `/test.Echo/Fail` ends with
/// FAILED_PRECONDITION.
final class GRPCServer {
  let port: UInt16
  private let process: RunningCommand

  private static let script = #"""
    import sys, grpc
    from concurrent import futures
    def unary(message, context): return b"got " + message
    def server(message, context):
        for part in (b"a", b"b", b"c"): yield message + part
    def client(messages, context): return b"+".join(messages)
    def both(messages, context):
        for message in messages: yield b"got " + message
    def fail(message, context):
        context.set_trailing_metadata((("x-why", "empty"),))
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no stock")
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Server": grpc.unary_stream_rpc_method_handler(server),
        "Client": grpc.stream_unary_rpc_method_handler(client),
        "Both": grpc.stream_stream_rpc_method_handler(both),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
    }
    service = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    service.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
    port = service.add_insecure_port("127.0.0.1:0")
    service.start()
    print(port, flush=True)
    sys.stdin.read()
    """#

  struct Unstarted: Error {}

  init() throws {
    process = try RunningCommand("/usr/bin/python3", ["-c", Self.script])
    let line = process.read(until: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    guard let port = UInt16(line) else {
      process.end()
      throw Unstarted()
    }
    self.port = port
  }

  func stop() { process.end() }
}
