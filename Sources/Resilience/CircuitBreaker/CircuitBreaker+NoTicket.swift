extension CircuitBreaker.Ticket {
  /// Of a call that no breaker admitted: its result counts nowhere.
  package static let none = CircuitBreaker.Ticket(generation: 0, .uncounted)
}
