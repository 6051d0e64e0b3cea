/// All records of a load, by index.
public struct LoadReport: Sendable, CustomStringConvertible {
  public let records: [LoadRecord]

  public init(_ records: [LoadRecord]) {
    self.records = records.sorted { $0.index < $1.index }
  }

  public var failed: [LoadRecord] { records.filter { !$0.isSuccess } }

  /// How many records `key` puts under each name.
  public func counts(by key: (LoadRecord) -> String) -> [String: Int] {
    Dictionary(records.map { (key($0), 1) }, uniquingKeysWith: +)
  }

  /// What clients saw: `200`, `503 circuit_open`, `200 cut`, `silent`…
  public static func outcome(_ record: LoadRecord) -> String {
    let parts = [
      record.status.map(String.init), record.failure,
      record.ending == .whole ? nil : record.ending.rawValue,
    ]
    return parts.compactMap { $0 }.joined(separator: " ")
  }

  public var outcomes: [String: Int] { counts(by: Self.outcome) }

  /// The duration that `share` of the requests did not exceed; zero where there are none.
  public func duration(atShare share: Double) -> Duration {
    let sorted = records.map(\.duration).sorted()
    guard !sorted.isEmpty else { return .zero }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }

  /// The latest start: a load whose clients were all busy was not as open as it was meant.
  public var latenessMax: Duration { records.map(\.lateness).max() ?? .zero }

  public var description: String {
    let lines = outcomes.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
    return "\(records.count) requests: \(lines.joined(separator: ", ")); median "
      + "\(duration(atShare: 0.5)), 99 % \(duration(atShare: 0.99)), late \(latenessMax)"
  }
}
