import Logging
import ProxyConfiguration
import Synchronization

/// A log handler whose level may be changed while it runs, for all loggers at once, and that makes
/// no caller wait (`LogOutput`): the control plane logs from the queue that answers probes.
package struct LevelledLog: LogHandler {
  private static let current = Atomic<Int>(2)
  private static let currentFormat = Atomic<Int>(0)
  package var metadata: Logger.Metadata = [:]

  package init() {}

  /// `telemetry.log.format`; for all loggers at once.
  static var format: Configuration.LogFormat {
    get { currentFormat.load(ordering: .relaxed) == 0 ? .logfmt : .json }
    set { currentFormat.store(newValue == .logfmt ? 0 : 1, ordering: .relaxed) }
  }

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
    LogOutput.write { time in
      LogLine.text(Self.format, time, event.level, "\(event.message)", all)
    }
  }

  /// Call before the process ends.
  package static func flush() { LogOutput.flush() }
}
