/// A client of gRPC as services have it: `grpcio`. Messages are bytes, so that nothing is generated.
enum GRPCClient {
  private static let script = #"""
    import sys, grpc
    port, kind = sys.argv[1], sys.argv[2]
    timeout = float(sys.argv[3]) if len(sys.argv) > 3 else 60
    channel = grpc.insecure_channel("127.0.0.1:" + port, options=[("grpc.enable_retries", 0)])
    path = "/test.Echo/" + kind
    def say(call, messages):
        code = call.code()
        print(code.name, call.details() or "-", *[m.decode() for m in messages])
        for key, value in call.trailing_metadata() or []:
            print(key + ": " + str(value))
    try:
        if kind in ("Unary", "Fail", "Missing"):
            message, call = channel.unary_unary(path).with_call(b"one", timeout=timeout)
            say(call, [message])
        elif kind == "Server":
            call = channel.unary_stream(path)(b"one", timeout=timeout)
            say(call, list(call))
        elif kind == "Client":
            message, call = channel.stream_unary(path).with_call(
                iter([b"one", b"two"]), timeout=timeout)
            say(call, [message])
        else:
            import queue
            asked = queue.Queue()
            asked.put(b"one")
            call = channel.stream_stream(path)(iter(asked.get, None), timeout=timeout)
            first = next(call)
            asked.put(b"two")
            asked.put(None)
            say(call, [first] + list(call))
    except grpc.RpcError as error:
        say(error, [])
    """#

  /// What a call came to: `STATUS message payload…`, then the trailers, one a line.
  static func call(
    _ proxy: RunningProxy, _ kind: String = "Unary", timeout: Double = 60
  ) throws -> String {
    try Command.run(
      "timeout",
      ["100", "/usr/bin/python3", "-c", script, "\(proxy.port)", kind, "\(timeout)"])
  }
}
