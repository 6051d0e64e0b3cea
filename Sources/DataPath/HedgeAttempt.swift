import HTTPClient
import Primitives
import Reactor

/// A second attempt of a request, at another endpoint, while the first has no answer yet (Dean and
/// Barroso, "The Tail at Scale", 2013).
///
/// ```
/// idle ──(begin)── connecting ──(connected)── sent ──(first byte)── the exchange adopts it ── idle
///                      └────────────────────────┴─(fails, or is no longer needed)── idle
/// ```
///
/// Whichever answers first is the attempt; the other is cut. Only requests without a body and with
/// an idempotent method have one, at most once. One an exchange, made at its first hedge.
/// Confinement: the worker's loop.
final class HedgeAttempt: ConnectionReceiver {
  /// Whose it is, while it is out.
  private var exchange: Exchange?
  private(set) var connection: UpstreamConnection?
  private(set) var attempt = Attempt()
  private(set) var isSent = false

  var isOut: Bool { connection != nil }

  /// Begins on a connection that is checked out for it.
  func begin(
    for exchange: Exchange, on connection: UpstreamConnection, _ attempt: Attempt,
    isConnected: Bool
  ) {
    self.exchange = exchange
    self.connection = connection
    self.attempt = attempt
    isSent = false
    connection.borrower = self
    if isConnected { send(on: connection) }
  }

  /// Forgets the attempt: the exchange has taken it over, or has closed it.
  func clear() {
    exchange = nil
    connection = nil
    attempt = Attempt()
    isSent = false
  }

  override func connectionReady(_ connection: UpstreamConnection) {
    if !isSent { return send(on: connection) }
    if !connection.output.isEmpty, case .failed = connection.flush() {
      exchange?.hedgeFailed(.upstreamReset)
      return
    }
    if connection.mayReceive || connection.isBroken { receive(on: connection) }
  }

  /// Adopted for a first byte only: an end is no reason to cut an attempt that may yet be answered.
  private func receive(on connection: UpstreamConnection) {
    guard let exchange else { return }
    // Bytes that were there before the request went out answer no request of ours.
    if connection.isAnsweredTooEarly { return exchange.hedgeFailed(.upstreamClosed) }
    guard exchange.makeRoom(in: connection.input) else {
      return exchange.hedgeFailed(.bufferBudgetExceeded)
    }
    switch connection.receive(into: connection.input) {
    case .bytes: exchange.adoptHedge()
    case .wouldBlock: if connection.isBroken { exchange.hedgeFailed(.upstreamReset) }
    case .endOfStream: exchange.hedgeFailed(.upstreamClosed)
    case .failed: exchange.hedgeFailed(.upstreamReset)
    }
  }

  override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    exchange?.hedgeFailed(failure)
  }

  private func send(on connection: UpstreamConnection) {
    isSent = true
    guard let exchange else { return }
    guard exchange.writeHedge(on: connection, attempt) else {
      return exchange.hedgeFailed(.bufferBudgetExceeded)
    }
    if case .failed = connection.flush() { exchange.hedgeFailed(.upstreamReset) }
  }
}
