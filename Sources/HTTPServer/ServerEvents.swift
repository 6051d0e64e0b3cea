import Primitives

/// Events for one page that stays open (WHATWG HTML §9.2, server-sent events).
///
/// ```
/// made ──(answered with)── open ──(the page leaves, is too slow, or `close`)── closed
///   └──(send)── kept until then, up to `pendingBytesMax`
/// ```
///
/// Bounded: a page that does not read loses its connection, not the proxy its memory; its browser connects
/// again by itself. Any thread may call. Cost: a lock and, for the first of several, a message to the loop.
package final class ServerEvents: Sendable {
  /// What may wait for a page that does not read.
  package static let pendingBytesMax = 256 * 1024

  private struct State {
    var pending: [UInt8] = []
    var isClosed = false
    /// More had to wait than may.
    var isCut = false
    var wake: (@Sendable () -> Void)?
  }

  private let state = Lock(State())

  package init() {}

  /// Sends `data`, each line of it on a line of its own. False: the page has gone, or is too slow and will
  /// be cut.
  @discardableResult
  package func send(_ event: String, _ data: String) -> Bool {
    var text = "event: \(event)\n"
    for line in data.split(separator: "\n", omittingEmptySubsequences: false) {
      text += "data: \(line)\n"
    }
    return put(Array((text + "\n").utf8))
  }

  /// No event follows; the page's connection ends once all were sent.
  package func close() {
    let wake = state.withLock { state in
      state.isClosed = true
      // Who is woken is kept no longer than it is needed.
      defer { state.wake = nil }
      return state.wake
    }
    wake?()
  }

  package var isClosed: Bool { state.withLock { $0.isClosed } }

  /// The page is too slow: what waits for it is gone.
  var isCut: Bool { state.withLock { $0.isCut } }

  /// A line that a page ignores, so that nothing on the way takes the connection for dead.
  func beat() { put(Array(":\n\n".utf8)) }

  /// `wake` is called from any thread when there is something to take, or the end.
  func open(_ wake: @escaping @Sendable () -> Void) {
    state.withLock { $0.wake = wake }
    wake()
  }

  /// What waits; nil: nothing does, and nothing will.
  func take() -> [UInt8]? {
    state.withLock { state in
      defer { state.pending = [] }
      return state.isClosed && state.pending.isEmpty ? nil : state.pending
    }
  }

  @discardableResult
  private func put(_ bytes: [UInt8]) -> Bool {
    let (isOpen, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
      guard !state.isClosed else { return (false, nil) }
      let wasEmpty = state.pending.isEmpty
      guard state.pending.count + bytes.count <= Self.pendingBytesMax else {
        state.isClosed = true
        state.isCut = true
        state.pending = []
        defer { state.wake = nil }
        return (false, state.wake)
      }
      state.pending += bytes
      return (true, wasEmpty ? state.wake : nil)
    }
    wake?()
    return isOpen
  }
}
