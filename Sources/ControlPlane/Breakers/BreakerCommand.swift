import Resilience

/// What an operator tells a breaker to do; the raw value is the body of `PUT /circuit-breakers/…`.
enum BreakerCommand: String, CaseIterable, Sendable {
  case forcedOpen = "forced_open"
  case disabled
  case shadow
  /// As configured again.
  case released

  /// `configured`: the mode to go back to.
  func mode(_ configured: CircuitBreakerPolicy.Mode) -> CircuitBreakerPolicy.Mode {
    switch self {
    case .forcedOpen: .forcedOpen
    case .disabled: .disabled
    case .shadow: .shadow
    case .released: configured
    }
  }
}
