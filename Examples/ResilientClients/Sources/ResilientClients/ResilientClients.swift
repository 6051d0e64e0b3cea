import Glibc

/// Runs both shows; exits 1 when a promise was not kept.
@main
struct ResilientClients {
  static func main() async {
    do {
      print("async-http-client")
      try await HTTPShow().run()
      print("grpc-swift")
      try await GRPCShow().run()
      print("every promise was kept")
    } catch {
      print("not so: \(error)")
      exit(1)
    }
  }
}

/// What was promised and did not come true.
struct PromiseBroken: Error {
  let promise: String
}

func promise(_ isKept: Bool, _ text: String) throws {
  if !isKept { throw PromiseBroken(promise: text) }
}
