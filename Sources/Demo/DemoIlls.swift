/// What was done to an endpoint of the demo; it keeps it until it is healed.
struct DemoIlls: OptionSet, Hashable, Sendable {
  var rawValue: UInt8

  /// Nobody listens, and its connections were reset.
  static let killed = Self(rawValue: 1)
  /// Each answer takes `DemoService.slowness` longer.
  static let slow = Self(rawValue: 2)
  /// It answers 503, but says of itself that it is well.
  static let failing = Self(rawValue: 4)
  /// Its breaker was forced open.
  static let forced = Self(rawValue: 8)

  /// By the words of scripts, in the order in which they are shown.
  static let words: [(ill: Self, verb: String, adjective: String)] = [
    (.killed, "kill", "killed"), (.slow, "slow", "slow"), (.failing, "fail", "errors"),
    (.forced, "force", "forced"),
  ]

  /// Such as `killed, slow`; empty: nothing was done.
  var text: String {
    Self.words.filter { contains($0.ill) }.map(\.adjective).joined(separator: ", ")
  }
}
