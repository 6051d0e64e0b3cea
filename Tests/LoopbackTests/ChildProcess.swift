import Foundation
import Glibc
import Primitives
import Reactor
import WeirTesting

/// A program as a child of the tests, used as Foundation's `Process` is, of which it has what they
/// need.
///
/// Why not that: to learn which descriptors are open it copies whole directory entries, which reads
/// past the last of a full block (swift-corelibs-foundation, pull request 5472; Swift 6.3 has it).
/// From about 1,300 open descriptors on that crashes now and then, and the tests of a run have more.
/// Inherits nothing but what it is given, no signal mask either. Set up and started by one thread.
final class ChildProcess: @unchecked Sendable {
  // SAFETY: the properties are written before `run` only; what changes later is in `ending`.
  var executableURL: URL?
  var arguments: [String] = []
  var standardInput: Pipe?
  var standardOutput: Pipe?
  var standardError: Pipe?
  var terminationHandler: (@Sendable (ChildProcess) -> Void)?
  private(set) var processIdentifier: pid_t = -1
  private let ended = DispatchSemaphore(value: 0)
  private let ending = Lock<Ending>(.notBegun)

  private enum Ending {
    case notBegun, running
    /// The status of waitpid(2).
    case over(Int32)
  }

  struct Unstarted: Error {
    var path: String
    var number: Int32
  }

  func run() throws {
    let path = executableURL?.path ?? ""
    let number = try Self.spawn(path, [path] + arguments, streams)
    processIdentifier = number
    ending.withLock { $0 = .running }
    // The child has its own; without this nobody would ever see the end of a pipe.
    try? standardInput?.fileHandleForReading.close()
    try? standardOutput?.fileHandleForWriting.close()
    if standardError !== standardOutput { try? standardError?.fileHandleForWriting.close() }
    _ = LoopThread(name: "child") { [self] in
      var status: Int32 = 0
      // SAFETY: `status` outlives the call.
      while unsafe waitpid(number, &status, 0) < 0, errno == EINTR {}
      ending.withLock { $0 = .over(status) }
      ended.signal()
      terminationHandler?(self)
    }
  }

  private var streams: [(Int32, as: Int32)] {
    [
      (standardInput?.fileHandleForReading, as: STDIN_FILENO),
      (standardOutput?.fileHandleForWriting, as: STDOUT_FILENO),
      (standardError?.fileHandleForWriting, as: STDERR_FILENO),
    ].compactMap { handle, place in handle.map { ($0.fileDescriptor, as: place) } }
  }

  var isRunning: Bool {
    if case .running = ending.withLock({ $0 }) { return true }
    return false
  }

  private var status: Int32 {
    if case .over(let status) = ending.withLock({ $0 }) { return status }
    return -1
  }

  /// It ended by itself, and with this; -1: it did not.
  var exitCode: Int32 { status & 0x7F == 0 ? status >> 8 & 0xFF : -1 }

  func waitUntilExit() {
    ended.wait()
    ended.signal()
  }

  /// Nothing where it has ended: its number may be another's by then.
  func signal(_ signal: Int32) {
    ending.withLock { ending in
      if case .running = ending { _ = kill(processIdentifier, signal) }
    }
  }

  private typealias ClosesFrom =
    @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

  /// Closes all from that descriptor on; glibc 2.34, which Swift's module does not show.
  private static let closesFrom: ClosesFrom = {
    // SAFETY: a function of the C library of just that type.
    unsafe unsafeBitCast(
      dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"), to: ClosesFrom.self)
  }()

  private static func spawn(
    _ path: String, _ arguments: [String], _ streams: [(Int32, as: Int32)]
  ) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    var mask = sigset_t()
    var number: pid_t = 0
    var words = unsafe arguments.map { word in unsafe strdup(word) } + [nil]
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    // SAFETY: all of it is initialised here, lent for one call and destroyed behind it.
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    for (descriptor, place) in streams {
      unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, place)
    }
    _ = unsafe closesFrom(&actions, 3)
    unsafe sigemptyset(&mask)
    unsafe posix_spawnattr_setsigmask(&attributes, &mask)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    let result = unsafe posix_spawn(&number, path, &actions, &attributes, &words, environ)
    unsafe posix_spawn_file_actions_destroy(&actions)
    unsafe posix_spawnattr_destroy(&attributes)
    guard result == 0 else { throw Unstarted(path: path, number: result) }
    return number
  }
}
