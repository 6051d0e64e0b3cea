import Synchronization

/// The service that is called, in this process: its weather is set by who runs the show.
///
/// Whether a call is unlucky goes by its number, so that each run is like the last.
final class PrescriptionService: Sendable {
  enum Weather {
    case fair
    /// Every so many-th call loses its connection.
    case losing(every: Int)
    /// Every so many-th call takes 100 ms.
    case stalling(every: Int)
    case down
  }

  private struct State {
    var weather = Weather.fair
    var calls = 0
    var dispensed: [String: Int] = [:]
  }

  private let state = Mutex(State())

  func set(_ weather: Weather) {
    state.withLock {
      $0.weather = weather
      $0.calls = 0
    }
  }

  /// Calls since the weather was set.
  var calls: Int { state.withLock(\.calls) }

  /// How often one prescription was dispensed, of all the most.
  var mostDispenses: Int { state.withLock { $0.dispensed.values.max() ?? 0 } }

  func read(_ id: String) async throws -> String {
    try await answer()
    return "prescription \(id)"
  }

  /// The act comes before the answer, as it does in life: who loses the connection does not know.
  func dispense(_ id: String) async throws {
    state.withLock { $0.dispensed[id, default: 0] += 1 }
    try await answer()
  }

  private func answer() async throws {
    let (weather, number) = state.withLock { state in
      state.calls += 1
      return (state.weather, state.calls)
    }
    var time = Duration.milliseconds(1)
    if case .stalling(let every) = weather, number.isMultiple(of: every) {
      time = .milliseconds(100)
    }
    try await Task.sleep(for: time)
    switch weather {
    case .down: throw ConnectionLost()
    case .losing(let every) where number.isMultiple(of: every): throw ConnectionLost()
    default: return
    }
  }
}
