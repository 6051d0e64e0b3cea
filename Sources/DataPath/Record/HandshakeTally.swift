import Primitives
import Reactor
import TLS
import Telemetry

/// Counts handshakes and tells of those that failed.
///
/// Each is counted; of those that failed so many a second are told, so that a flood of them fills no log, and
/// so many steps of them are made in a turn, so that a flood keeps no request waiting.
/// A value. Confinement: its worker's loop.
struct HandshakeTally {
  private var rate = RefusalRate()
  private var turn: UInt64 = 0
  private var stepsOfTurn = 0
  /// A step costs up to a millisecond: a signature, or the verification of a chain.
  private static let stepsPerTurnMax = 8

  /// Takes one of this turn's steps; false: the handshake goes on in the next.
  mutating func takesStep(inTurn number: UInt64) -> Bool {
    if turn != number {
      turn = number
      stepsOfTurn = 0
    }
    stepsOfTurn += 1
    return stepsOfTurn <= Self.stepsPerTurnMax
  }

  /// With a client. `result`: `ok`, `resumed`, `plaintext_accepted`, or why it failed.
  func count(_ result: String, of listener: String, _ worker: Worker) {
    worker.rare.add(
      "weir_tls_handshakes_total",
      help: "TLS handshakes with clients, by how they ended.",
      ["listener": listener, "result": result])
  }

  /// With an endpoint.
  func count(_ result: String, to upstream: String, _ worker: Worker) {
    worker.rare.add(
      "weir_upstream_tls_handshakes_total",
      help: "TLS handshakes with endpoints, by how they ended.",
      ["upstream": upstream, "result": result])
  }

  mutating func failed(_ failure: HandshakeFailure, _ worker: Worker) {
    switch failure.side {
    case .listener: count(failure.fault.reason.rawValue, of: failure.name, worker)
    case .upstream: count(failure.fault.reason.rawValue, to: failure.name, worker)
    }
    guard rate.takes(now: worker.loop.now) else { return }
    worker.report(.handshakeFailed(failure))
  }
}
