/// What one call of `BodyDecoder.decode` found at the front of the bytes it was given.
package struct BodyStep: Equatable, Sendable {
  /// Framing bytes to skip first.
  package var framing = 0
  /// Payload bytes behind them.
  package var payload = 0
  /// The body, its trailers included, ends behind these.
  package var isComplete = false

  package init() {}

  /// Nothing could be done without more bytes.
  package var isStuck: Bool { framing == 0 && payload == 0 && !isComplete }
}
