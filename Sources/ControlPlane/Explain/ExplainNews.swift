import Dispatch

/// What of a list that is asked for again and again was not there before, for `weir explain
/// --follow`.
///
/// A list holds 100 requests at most: of more in one second, the oldest are not shown.
package struct ExplainNews {
  /// How far back each list reaches: a request is in several of them, and shown once.
  package static let window = "30s"

  private var known: Set<Substring> = []

  package init() {}

  /// The lines of `list` that were not in the one before, the oldest first. Words for an empty list
  /// are no line.
  package mutating func lines(in list: String) -> [Substring] {
    let lines = list.split(separator: "\n").filter { $0 != ExplainText.nothing }
    defer { known = Set(lines) }
    return lines.reversed().filter { !known.contains($0) }
  }

  /// Waits until the list is to be asked for again. Blocks its thread for a second.
  package static func pause() {
    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .seconds(1))
  }
}
