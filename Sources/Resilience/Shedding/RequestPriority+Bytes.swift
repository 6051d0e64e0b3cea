import Primitives

extension RequestPriority {
  /// The class that a field's value names; nil: none.
  package static func named(_ bytes: Span<UInt8>) -> RequestPriority? {
    if ByteScan.equalIgnoringCase(bytes, "critical") { return .critical }
    if ByteScan.equalIgnoringCase(bytes, "high") { return .high }
    if ByteScan.equalIgnoringCase(bytes, "normal") { return .normal }
    if ByteScan.equalIgnoringCase(bytes, "low") { return .low }
    return nil
  }
}
