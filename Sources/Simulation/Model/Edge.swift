/// Who calls whom: a service or a group of clients, and a service.
struct Edge: Sendable {
  /// The name of the calling service, or of the clients.
  var caller: String
  var target: Int
  /// The position of its first sidecar.
  var firstLink: Int
  /// 1: shared by all of the caller's replicas.
  var linkCount: Int
  var policy: EdgePolicy
}
