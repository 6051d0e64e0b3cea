import Dispatch
import Primitives
import Reactor
import Telemetry

/// Writes Weir's own log to standard error, and makes nobody wait for whoever reads it: what cannot
/// be written at once is left to a queue, at most `linesMax` lines; more are lost and counted there.
///
/// Any thread. Cost: a lock and a write.
enum LogOutput {
  private static let linesMax = 1000
  /// What a pipe with room takes without waiting (PIPE_BUF).
  private static let lineBytesMax = 4096

  private struct State {
    var timestamps = Timestamps()
    var waiting = 0
    var lost = 0
  }

  private static let queue = DispatchQueue(label: "weir.stderr")
  private static let state = Lock(State())

  /// `line`: the whole line, made with the time (RFC 3339).
  static func write(_ line: (String) -> String) {
    state.withLock { state in
      let stamp = Buffer(capacity: 64)
      state.timestamps.appendLogTime(ThisProcess.unixNanoseconds, to: stamp)
      let line = line(String(decoding: Array(copying: stamp), as: UTF8.self))
      if state.waiting == 0, line.utf8.count < lineBytesMax, ThisProcess.maySay {
        ThisProcess.say(line)
      } else if state.waiting < linesMax {
        state.waiting += 1
        queue.async { writeLater(line) }
      } else {
        state.lost += 1
      }
    }
  }

  private static func writeLater(_ line: String) {
    ThisProcess.say(line)
    let lost = state.withLock { state in
      defer { state.lost = 0 }
      state.waiting -= 1
      return state.lost
    }
    if lost > 0 { ThisProcess.say("weir: \(lost) lines of this log were lost: nobody read it") }
  }

  /// Returns when all has been written, or after a second.
  static func flush() {
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    _ = done.wait(timeout: .now() + 1)
  }
}

extension Array where Element == UInt8 {
  fileprivate init(copying buffer: Buffer) {
    let bytes = buffer.readable
    self = bytes.indices.map { bytes[$0] }
  }
}
