/// What became of one request, as its client saw it.
public struct LoadRecord: Sendable {
  public enum Ending: String, Sendable {
    /// The whole answer came.
    case whole
    /// It ended, or was reset, inside of the answer.
    case cut
    /// It ended, or was reset, before the answer's head was whole.
    case unanswered
    /// The connection was not opened.
    case unconnected
    /// Nothing came within the tests' patience.
    case silent
  }

  public var index: Int
  public var id: String
  public var method: String
  public var ending: Ending = .unconnected
  public var status: Int?
  /// The name in `proxy-status`; nil: the proxy has not said that anything failed.
  public var failure: String?
  /// Which endpoint answered, by its `x-endpoint`.
  public var endpoint: String?
  /// From when it was due to its end: a wait for a free client counts, as it would for users.
  public var duration: Duration = .zero
  /// How much later than it was due it began, because no client was free.
  public var lateness: Duration = .zero

  public var isSuccess: Bool { ending == .whole && status.map { $0 < 400 } ?? false }

  /// `details="name…"` (docs/failures.md), as far as a name goes.
  static func failure(in proxyStatus: String?) -> String? {
    guard let proxyStatus, let start = proxyStatus.firstRange(of: "details=\"") else { return nil }
    let name = proxyStatus[start.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return name.isEmpty ? nil : String(name)
  }
}
