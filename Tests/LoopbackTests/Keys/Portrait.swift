import Primitives
import Telemetry
import Upstreams

/// Everything that a value holds, as text, by reflection; without what differs from one building
/// to the next (seeds, counters, series) and what reflection cannot see into.
struct Portrait {
  private(set) var text = ""
  /// Objects that have been written: one is written once.
  private var known: Set<ObjectIdentifier> = []
  private static let skipped = [
    "Random", "HashPlacement", "Registry", "Shard", "Series", "Metrics", "Counters", "InlineArray",
    "Pointer",
    "Machine.Phase", "Availability", "EventLoop",
  ]

  mutating func add(_ value: Any) {
    let name = "\(type(of: value))"
    if Self.skipped.contains(where: name.contains) { return }
    // Its ceilings are atomics.
    if let limits = value as? ResourceLimits {
      text += "limits \(ResourceLimits.Resource.allCases.map(limits.most))\n"
      return
    }
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .class {
      guard known.insert(ObjectIdentifier(value as AnyObject)).inserted else { return }
    }
    guard !mirror.children.isEmpty else {
      // Names, numbers and cases without a payload; pointers to compiled expressions are none.
      text += mirror.displayStyle == .class || name == "()" ? "\(name)\n" : "\(value)\n"
      return
    }
    text += "\(name) "
    // Dictionaries and sets have no order.
    if mirror.displayStyle == .dictionary || mirror.displayStyle == .set {
      var parts: [String] = []
      for child in mirror.children {
        var part = Portrait()
        part.add(child.value)
        parts.append(part.text)
      }
      text += parts.sorted().joined()
      return
    }
    for child in mirror.children where child.label != "number" { add(child.value) }
  }
}
