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
  private unowned let exchange: Exchange
  private(set) var connection: UpstreamConnection?
  private(set) var attempt = Attempt()
  private(set) var isSent = false

  init(exchange: Exchange) {
    self.exchange = exchange
    super.init()
  }

  var isOut: Bool { connection != nil }

  /// Begins on a connection that is checked out for it.
  func begin(on connection: UpstreamConnection, _ attempt: Attempt, isConnected: Bool) {
    self.connection = connection
    self.attempt = attempt
    isSent = false
    connection.borrower = self
    if isConnected { send(on: connection) }
  }

  /// Forgets the attempt: the exchange has taken it over, or has closed it.
  func clear() {
    connection = nil
    attempt = Attempt()
    isSent = false
  }

  override func connectionReady(_ connection: UpstreamConnection) {
    if !isSent { return send(on: connection) }
    if !connection.output.isEmpty, case .failed = connection.flush() {
      return exchange.hedgeFailed(.upstreamReset)
    }
    if connection.mayReceive || connection.isBroken { exchange.adoptHedge() }
  }

  override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    exchange.hedgeFailed(failure)
  }

  override func connectionDeadlinePassed(_ connection: UpstreamConnection) {}

  private func send(on connection: UpstreamConnection) {
    isSent = true
    guard exchange.writeHedge(on: connection, attempt) else {
      return exchange.hedgeFailed(.bufferBudgetExceeded)
    }
    if case .failed = connection.flush() { exchange.hedgeFailed(.upstreamReset) }
  }
}
