import Logging
import Primitives

/// A log whose lines a test reads: the message and its metadata, sorted.
struct LogLines: LogHandler {
  final class Store: Sendable {
    private let kept = Lock<[String]>([])
    var lines: [String] { kept.withLock { $0 } }
    func append(_ line: String) { kept.withLock { $0.append(line) } }
  }

  let store: Store
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  init(_ store: Store) { self.store = store }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
    store.append("\(event.level) \(event.message)" + pairs.joined())
  }
}
