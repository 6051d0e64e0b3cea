import HTTPClient
import Upstreams

/// The connections to endpoints that carry this client's login.
extension DownstreamConnection {
  /// The one to `upstream`, if it has nothing to do.
  func privateConnection(to upstream: WorkerUpstream, subset: Int?) -> PrivateConnection? {
    privates.first { $0.leads(to: upstream, subset: subset) }
  }

  func keep(_ stream: HTTP1UpstreamStream, _ endpoint: WorkerEndpoint) {
    if let known = privates.first(where: { $0.stream === stream }) { return known.park() }
    let own = PrivateConnection(stream, endpoint, of: self)
    privates.append(own)
    own.park()
  }

  /// This connection ends, and they with it.
  func endPrivates() {
    let ended = privates
    privates = []
    for own in ended { own.clientEnded() }
  }
}
