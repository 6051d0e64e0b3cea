import Logging
import Synchronization

/// A log handler whose level may be changed while it runs, for all loggers at once, and that makes
/// no caller wait (`LogOutput`): the control plane logs from the queue that answers probes.
package struct LevelledLog: LogHandler {
  private static let current = Atomic<Int>(2)
  package var metadata: Logger.Metadata = [:]

  package init() {}

  package static var level: Logger.Level {
    get { Logger.Level.allCases[current.load(ordering: .relaxed)] }
    set { current.store(Logger.Level.allCases.firstIndex(of: newValue) ?? 2, ordering: .relaxed) }
  }

  package var logLevel: Logger.Level {
    get { Self.level }
    set { Self.level = newValue }
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
    let pairs = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value) " }.joined()
    LogOutput.write("\(event.level) weir: \(pairs)\(event.message)")
  }

  /// Call before the process ends.
  package static func flush() { LogOutput.flush() }
}
