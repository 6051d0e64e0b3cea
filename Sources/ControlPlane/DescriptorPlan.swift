import Primitives
import Upstreams

/// How the descriptors that the system allows the process are shared out.
///
/// ```
/// limit = own + admin + health checks + refused + clients + endpoints
/// ```
///
/// What must go on comes first: the loops, listeners, logs and a reload (`own`), the admin listener
/// and the health checks. Of the rest, half is for clients and half for endpoints, as HAProxy works
/// `maxconn` out from `ulimit -n`: a request in flight has one of each. `limits.connections` is
/// what the clients get where there is room for it, and whatever they do not need is the endpoints'.
/// A value.
package struct DescriptorPlan: Equatable, Sendable {
  /// What the plan goes by.
  package struct Needs: Equatable, Sendable {
    package var workers: Int
    package var listeners: Int
    /// `limits.connections`.
    package var connectionsMax: Int
    /// Descriptors that are open before anything is begun, those inherited included.
    package var open: Int

    package init(workers: Int, listeners: Int, connectionsMax: Int, open: Int = 3) {
      self.workers = workers
      self.listeners = listeners
      self.connectionsMax = connectionsMax
      self.open = open
    }

    /// Each worker: an epoll instance, two wake-ups, its listeners, and as many again for a reload
    /// that replaces them. Beside that the control loop's four, the log's two, the configuration
    /// and /proc, Dispatch's own and eight look-ups of names.
    var own: Int { open + workers * (3 + 2 * listeners) + 4 + 2 + 2 + 6 + 8 }
  }

  package let limit: Int
  package let own: Int
  package let admin: Int
  package let healthChecks: Int
  package let refused: Int
  package let clients: Int
  package let endpoints: Int
  private let needs: Needs

  /// `limit`: RLIMIT_NOFILE.
  package init(limit: Int, _ needs: Needs) {
    self.limit = limit
    self.needs = needs
    own = needs.own
    admin = min(max(limit / 16, 4), Self.adminConnectionsMax)
    healthChecks = min(max(limit / 16, 2), HealthChecker.probesMax)
    let rest = max(limit - own - admin - healthChecks, 0)
    refused = min(max(rest / 16, 1), Self.refusedMax)
    clients = min(max((rest - refused) / 2, 1), needs.connectionsMax)
    endpoints = max(rest - refused - clients, 1)
  }

  /// Connections of the admin listener where descriptors are plenty.
  private static let adminConnectionsMax = 64
  /// Refused clients that are told so at once. One lingers as long as it does not close, a second at
  /// most, so that a few hundred a second get their answer and a flood is reset.
  private static let refusedMax = 256

  package var budget: DescriptorBudget {
    DescriptorBudget(clients: clients, refused: refused, endpoints: endpoints)
  }

  /// The least limit under which `limits.connections` can be met.
  package var limitNeeded: Int {
    needs.own + Self.adminConnectionsMax + HealthChecker.probesMax + Self.refusedMax
      + 2 * needs.connectionsMax
  }

  /// What the operator is to know where `limits.connections` cannot be met.
  package var warning: String? {
    guard clients < needs.connectionsMax else { return nil }
    return "limits.connections is \(needs.connectionsMax), but the limit of \(limit) descriptors "
      + "leaves room for \(clients) connections of clients and \(endpoints) to endpoints; "
      + "raise the hard limit to \(limitNeeded) (ulimit -Hn, systemd's LimitNOFILE, Docker's "
      + "--ulimit nofile), or set limits.connections to \(clients) or less"
  }

  static let uses = ["own", "admin", "health_checks", "refused", "clients", "endpoints"]

  /// Each use and its share, for the metric.
  package var shares: [(use: String, most: Int)] {
    [
      ("own", own), ("admin", admin), ("health_checks", healthChecks), ("refused", refused),
      ("clients", clients), ("endpoints", endpoints),
    ]
  }
}
