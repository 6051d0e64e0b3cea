import HTTPClient
import Primitives
import Telemetry
import Upstreams

/// Connections that belong to one client each, while they have nothing to do.
extension WorkerEndpoint {
  func add(idle connection: PrivateConnection) {
    countBytes(connection.stream.connection)
    idlePrivates.append(connection)
  }

  func remove(idle connection: PrivateConnection) {
    idlePrivates.removeAll { $0 === connection }
  }

  /// Closes the private connection that has been idle longest; false when none is.
  func evictPrivate(_ reason: UpstreamMetrics.Close) -> Bool {
    guard let first = idlePrivates.first else { return false }
    first.close(reason)
    return true
  }

  /// A connection becomes its client's own.
  func makePrivate(_ connection: UpstreamConnection) {
    guard !connection.isPrivate else { return }
    connection.isPrivate = true
    upstream.shard.add(upstream.metrics.privates)
  }
}

extension WorkerUpstream {
  /// No slot is free and no pooled connection is idle: makes room of a private one.
  func evictPrivate() -> Bool {
    endpoints.contains { $0.evictPrivate(.evicted) }
  }
}
