import HTTPClient
import Primitives
import Reactor

/// A second attempt of a request, at another endpoint, while the first has no answer yet (Dean and
/// Barroso, "The Tail at Scale", 2013).
///
/// ```
/// idle ──(begin)── connecting ──(connected)── sent ──(first byte)── the exchange adopts it ── idle
///                      └──(fails, or the exchange no longer needs it)── idle
/// ```
///
/// Whichever answers first is the attempt; the other is cut. Only requests without a body and with
/// an idempotent method have one, at most once. One an exchange, made at its first hedge.
/// Confinement: the worker's loop.
final class HedgeAttempt: ConnectionReceiver {
  /// Whose it is, while it is out.
  private var exchange: Exchange?
  private(set) var connection: UpstreamConnection?
  var attempt = Attempt()
  private(set) var isSent = false

  /// Begins on a connection that is checked out for it.
  func begin(for exchange: Exchange, on connection: UpstreamConnection, isConnected: Bool) {
    self.exchange = exchange
    self.connection = connection
    isSent = false
    connection.borrower = self
    if isConnected { send(on: connection) }
  }

  /// Forgets the attempt: the exchange has taken it over, or has closed it.
  func clear() {
    exchange = nil
    connection = nil
    attempt.clear()
    isSent = false
  }

  override func connectionReady(_ connection: UpstreamConnection) {
    if !isSent { return send(on: connection) }
    if !connection.output.isEmpty, case .failed = connection.flush() {
      exchange?.hedgeFailed(.upstreamReset)
      return
    }
    exchange?.hedgeReady(connection)
  }

  override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    exchange?.hedgeFailed(failure)
  }

  private func send(on connection: UpstreamConnection) {
    isSent = true
    guard let exchange else { return }
    attempt.endpoint?.reached()
    guard exchange.writeHedge(on: connection, attempt) else {
      return exchange.hedgeFailed(.bufferBudgetExceeded)
    }
    attempt.sends(on: connection, exchange.now)
    if case .failed = connection.flush() { exchange.hedgeFailed(.upstreamReset) }
  }
}
