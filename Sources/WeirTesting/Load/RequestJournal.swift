import Primitives

/// What servers have acted upon, in order: the other side of a load's records.
public final class RequestJournal: Sendable {
  public struct Entry: Equatable, Sendable {
    /// The load's id.
    public var id: String
    public var method: String
    /// The server that acted.
    public var endpoint: String

    public init(id: String, method: String, endpoint: String) {
      self.id = id
      self.method = method
      self.endpoint = endpoint
    }
  }

  private let list = Lock<[Entry]>([])

  public init() {}

  public func record(_ entry: Entry) { list.withLock { $0.append(entry) } }

  public var entries: [Entry] { list.withLock { $0 } }

  /// How often each id was acted upon; `method`: only of those; nil: of all.
  public func executions(method: String? = nil) -> [String: Int] {
    let ids = entries.filter { method == nil || $0.method == method }.map { ($0.id, 1) }
    return Dictionary(ids, uniquingKeysWith: +)
  }

  /// Ids that were acted upon more than once, sorted: empty for POST is the promise.
  public func repeated(method: String? = nil) -> [String] {
    executions(method: method).filter { $0.value > 1 }.keys.sorted()
  }

  /// Ids whose client was told of success though nobody acted, sorted.
  public func unfounded(_ report: LoadReport) -> [String] {
    let executions = executions()
    return report.records.filter { $0.isSuccess && executions[$0.id] == nil }.map(\.id).sorted()
  }
}
