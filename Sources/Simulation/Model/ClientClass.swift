import Primitives

/// Requests of one kind that come from outside, in an open loop: they come whether or not the
/// earlier ones were answered.
struct ClientClass: Sendable {
  var name: String
  var edge: Int
  /// Sidecars that share the load evenly.
  var sidecars: Int
  var priority: UInt8
  var isIdempotent: Bool
  /// Nanoseconds that a client waits; `.max`: for as long as it takes.
  var patience: Int64
  var arrivals: ArrivalCurve
  var random: RandomSource

  @inline(__always)
  mutating func nextArrival(after time: Double) -> Double? {
    arrivals.next(after: time, &random)
  }
}
