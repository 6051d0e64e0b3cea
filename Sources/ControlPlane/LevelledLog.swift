import Logging
import Synchronization

/// A log handler whose level may be changed while it runs, for all loggers at once.
package struct LevelledLog: LogHandler {
  private static let current = Atomic<Int>(2)
  private var inner = StreamLogHandler.standardError(label: "weir")

  package init() {
    inner.logLevel = .trace
  }

  package static var level: Logger.Level {
    get { Logger.Level.allCases[current.load(ordering: .relaxed)] }
    set { current.store(Logger.Level.allCases.firstIndex(of: newValue) ?? 2, ordering: .relaxed) }
  }

  package var logLevel: Logger.Level {
    get { Self.level }
    set { Self.level = newValue }
  }

  package var metadata: Logger.Metadata {
    get { inner.metadata }
    set { inner.metadata = newValue }
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { inner[metadataKey: key] }
    set { inner[metadataKey: key] = newValue }
  }

  package func log(event: LogEvent) {
    inner.log(event: event)
  }
}
