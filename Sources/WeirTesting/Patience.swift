/// How long tests wait for what must come.
///
/// A wait that its event ends costs nothing, so the limit is far beyond what a busy machine needs:
/// only what never comes runs into it. A test that is to see that something takes its time says so
/// with a lower bound, never with an upper one of its own.
public enum Patience {
  public static let seconds = 60
  public static let limit = Duration.seconds(seconds)

  /// Asks until `condition` holds; false: it did not within the limit. It rests between two
  /// questions, so that whoever is waited for gets the processor.
  public static func waits(until condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    while try !condition() {
      guard ContinuousClock.now < end else { return false }
      Pace.wait(.milliseconds(1))
    }
    return true
  }
}
