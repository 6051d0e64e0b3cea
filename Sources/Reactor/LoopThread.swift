import CLinux
import Glibc

/// Runs a loop on a thread of its own.
package final class LoopThread: @unchecked Sendable {
  // SAFETY: `thread` is written once before anybody else has this object; `isJoined` by its owner.
  private var thread = pthread_t()
  private var isJoined = false

  /// Starts a thread named `name` (at most 15 bytes are kept) that runs `body`.
  package init(name: String, _ body: @escaping @Sendable () -> Void) {
    let box = unsafe Unmanaged.passRetained(Body(name: name, run: body))
    // SAFETY: the box is released by the thread, which takes it over.
    let result = unsafe pthread_create(
      &thread, nil, { unsafe LoopThread.start($0) }, box.toOpaque())
    precondition(result == 0, "no thread could be started: \(Errno(result))")
  }

  /// Waits for `body` to end.
  package func join() {
    isJoined = true
    _ = pthread_join(thread, nil)
  }

  /// A thread that nobody joins gives its stack back when it ends.
  deinit {
    if !isJoined { _ = pthread_detach(thread) }
  }

  private static func start(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    // SAFETY: `init` passed a retained Body.
    let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
    // SAFETY: the name lives through the call.
    unsafe weir_name_thread(body.name)
    body.run()
    return nil
  }

  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }
}
