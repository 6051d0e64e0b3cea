import Dispatch
import Primitives

/// Looks names up beside everything else: several at once, each at most once at a time, so that a
/// name server that hangs costs only those who wait for its names.
///
/// Bounded: `concurrentMax` lookups run, the others wait in order. Any thread.
package final class NameLookups: Sendable {
  package typealias Done = @Sendable (_ name: String, _ found: [SocketAddress]?) -> Void

  private struct State {
    var running = 0
    var waiting: [String] = []
    /// The look-ups of names that wait or run.
    var dones: [String: [Done]] = [:]
  }

  private let state = Lock(State())
  private let queue = DispatchQueue(label: "weir.names", attributes: .concurrent)
  private let concurrentMax: Int
  private let lookUp: @Sendable (_ host: String, _ port: UInt16) -> [SocketAddress]?

  /// `concurrentMax`: threads that may hang in the system's resolver.
  package init(
    concurrentMax: Int = 8,
    lookUp: @escaping @Sendable (String, UInt16) -> [SocketAddress]? = NameResolver.resolve
  ) {
    self.concurrentMax = concurrentMax
    self.lookUp = lookUp
  }

  /// Calls `done`, on some thread, with the answer of each of `names` (`host:port`) when it is there.
  package func look(up names: [String], done: @escaping Done) {
    let started = state.withLock { state in
      for name in names {
        if state.dones[name] == nil { state.waiting.append(name) }
        state.dones[name, default: []].append(done)
      }
      var started = 0
      while state.running < concurrentMax, started < state.waiting.count {
        state.running += 1
        started += 1
      }
      defer { state.waiting.removeFirst(started) }
      return Array(state.waiting.prefix(started))
    }
    for name in started { run(name) }
  }

  private func run(_ name: String) {
    queue.async { [self] in
      let found = find(name)
      let (dones, next) = state.withLock { state in
        let dones = state.dones.removeValue(forKey: name) ?? []
        let next = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        if next == nil { state.running -= 1 }
        return (dones, next)
      }
      if let next { run(next) }
      for done in dones { done(name, found) }
    }
  }

  private func find(_ name: String) -> [SocketAddress]? {
    guard let colon = name.lastIndex(of: ":"),
      let port = SocketAddress.port(name[name.index(after: colon)...])
    else { return nil }
    return lookUp(String(name[..<colon]), port)
  }
}
