extension CircuitBreaker.Ticket {
  /// The ticket of a call that no breaker admitted: its result counts nowhere.
  @inlinable package static var none: CircuitBreaker.Ticket { CircuitBreaker.Ticket(bits: 1) }
}
