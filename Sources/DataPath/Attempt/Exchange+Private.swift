import HTTPClient
import HTTPModel
import Primitives
import Upstreams

/// Requests and answers that log a connection in: how such a connection stays its client's own.
///
/// Above the balancer because there is nothing to choose: another connection would not be logged in.
/// Below admission and above the endpoint's breaker, which hold for these requests as for all. An
/// endpoint that is ejected or fails its checks keeps them, as HAProxy's sessions stay on a server
/// that goes down. They are neither hedged nor tried again once a byte was written.
extension Exchange {
  /// True: the request went out on its client's own connection to `upstream`, or was refused there.
  func choosePrivate(
    _ request: PickRequest, _ upstream: WorkerUpstream, _ downstream: DownstreamStream
  ) -> Bool {
    guard let own = downstream.connection.privateConnection(to: upstream, subset: request.subset)
    else {
      return false
    }
    let pick = Pick(index: own.endpoint.index, reason: .ownConnection)
    guard upstream.tryEndpoint(own.endpoint, pick, now, attempt) else {
      attempt.clear()
      let next = upstream.availability.nextLook
      noteRefusal(after: next == .distantFuture ? 0 : next.nanoseconds(since: now), .endpoint)
      giveUp(.circuitOpen)
      return true
    }
    takePlace(on: own.checkOut(), upstream, downstream)
    return true
  }

  /// The request's connection is to be its client's own from here on, or is already.
  func isLogin(on stream: UpstreamStream, _ downstream: DownstreamStream) -> Bool {
    stream.isPrivate || stream.head.logsIn || downstream.head.logsIn
  }

  /// The answer is there, and the connection could carry another request: of this client only.
  func keepForClient(
    _ stream: UpstreamStream, _ endpoint: WorkerEndpoint, _ downstream: DownstreamStream
  ) {
    guard downstream.keepsOpen, !downstream.connection.isDraining else {
      return attempt.close(.client)
    }
    guard endpoint.index >= 0 else { return attempt.close(.drain) }
    attempt.leaves()
    stream.keep(for: downstream.connection, endpoint)
  }

  /// Whether the client's connection has to end with this answer, since its own one to the endpoint
  /// does.
  var endsWithPrivate: Bool {
    guard let stream = attempt.stream, stream.isPrivate, let endpoint else { return false }
    return !stream.isPersistent || endpoint.index < 0
  }

  /// Whether an attempt belongs to its connection: what came on that before is part of it.
  func isBoundByLogin(bytesWritten: UInt64) -> Bool {
    attempt.stream?.isPrivate ?? false || (downstream?.head.logsIn == true && bytesWritten > 0)
  }

  /// Which of a split's upstreams the client has a connection of its own to.
  func ownShare(
    _ route: Route, _ listener: ListenerSnapshot, _ client: DownstreamConnection
  ) -> Int? {
    route.upstreams.indices.first { index in
      if case .upstream(index)? = route.policy?.fallback { return false }
      let target = listener.targets[route.upstreams[index]]
      let subset = route.subset?.number(at: index, in: target.plan)
      return client.privateConnection(to: target, subset: subset) != nil
    }
  }
}
