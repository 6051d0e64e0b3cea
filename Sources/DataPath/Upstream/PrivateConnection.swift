import HTTPClient
import Primitives
import Reactor
import Transport
import Upstreams

/// A connection to an endpoint that carries a client's login (`ConnectionLogin`), and so belongs to
/// that client's connection until either ends.
///
/// ```
/// idle ──(a request of its client)── in use ──(answered whole)── idle …
///   └──(the endpoint ends it; evicted; drained; the client leaves)── closed
/// ```
///
/// Why: whoever sends the next request on it is answered as the one who logged in, and the legs of a
/// handshake must all come on it. As HAProxy's private connections and nginx's `ntlm`. It counts among
/// the upstream's connections; where a limit leaves no other room, the one that has been idle longest
/// closes. Its client's connection then closes too, as if the client had been connected to the
/// endpoint itself: on another one it would not be logged in, and would not know.
/// Confinement: the worker's loop.
final class PrivateConnection: ConnectionReceiver {
  let stream: HTTP1UpstreamStream
  private var connection: UpstreamConnection { stream.connection }
  /// Lives as long as the connection, whose owner it is.
  unowned let endpoint: WorkerEndpoint
  /// Nil once that has ended.
  private weak var client: DownstreamConnection?
  private(set) var isIdle = false

  init(
    _ stream: HTTP1UpstreamStream, _ endpoint: WorkerEndpoint, of client: DownstreamConnection
  ) {
    self.stream = stream
    self.endpoint = endpoint
    self.client = client
    super.init()
  }

  // Said outright, since the compiler refuses the one that it would make ("infinite recursion").
  override init() { preconditionFailure("a private connection has a client") }

  /// Its request has been answered.
  func park() {
    connection.borrower = self
    isIdle = true
    endpoint.add(idle: self)
  }

  /// It has nothing to do, and leads to an endpoint of `upstream` that the route lets its requests go
  /// to. `subset`: as the plan that is there now numbers it; nil: all of them.
  func leads(to upstream: WorkerUpstream, subset: Int?) -> Bool {
    guard isIdle, endpoint.upstream === upstream, endpoint.index >= 0 else { return false }
    guard let subset else { return true }
    guard let members = upstream.plan.subsets?.memberships, endpoint.index < members.count else {
      return false
    }
    return members[endpoint.index].contains { Int($0) == subset }
  }

  /// Its client has another request.
  func checkOut() -> HTTP1UpstreamStream {
    precondition(isIdle, "a private connection has one request at a time")
    isIdle = false
    endpoint.remove(idle: self)
    return stream
  }

  /// Its client has left.
  func clientEnded() {
    client = nil
    close(.client)
  }

  /// Closes it while it is idle; its client's connection follows when it has nothing to do.
  func close(_ reason: UpstreamMetrics.Close) {
    guard connection.isOpen else { return }
    if isIdle { _ = checkOut() }
    endpoint.close(stream, reason)
    client?.endWhenIdle()
    client = nil
  }

  override func connectionReady(_ connection: UpstreamConnection) {
    guard connection.mayReceive || connection.isBroken else { return }
    close(connection.peerEnded || connection.isBroken ? .peer : .unsolicited)
  }
}
