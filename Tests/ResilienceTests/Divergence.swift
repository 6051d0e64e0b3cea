/// A machine and its slow reference disagree, or an invariant is broken.
struct Divergence: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  /// Cheaper than `#expect`, of which a run would make millions.
  static func unless(_ holds: Bool, _ description: @autoclosure () -> String) throws {
    if !holds { throw Divergence(description()) }
  }
}
