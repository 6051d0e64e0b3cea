/// How much it matters that a request is served, when not all can be.
///
/// The four classes of Google's criticality (SRE book, "Handling Overload": CRITICAL_PLUS, CRITICAL,
/// SHEDDABLE_PLUS, SHEDDABLE) in plain words. Ordered: the greater is refused later.
public enum RequestPriority: UInt8, Sendable, CaseIterable, Comparable {
  /// What batch work and reports send, and can send again later.
  case low
  /// What people wait for.
  case normal
  /// What care is held up without.
  case high
  /// Someone is harmed if it fails: a dispense.
  case critical

  /// By its `name`, in lower case; nil: there is none of that name.
  public init?(name: String) {
    guard let known = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = known
  }

  /// As fields of requests and configurations have it: the case's name.
  public var name: String {
    switch self {
    case .low: "low"
    case .normal: "normal"
    case .high: "high"
    case .critical: "critical"
    }
  }

  @inlinable
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
