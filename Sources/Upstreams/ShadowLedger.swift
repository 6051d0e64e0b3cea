import Synchronization

/// How often policies of an upstream would have acted, had they not been in shadow. Outlives
/// snapshots. Any thread; cost: an atomic addition.
package final class ShadowLedger: Sendable {
  private let rateLimit = Atomic<Int>(0)
  private let adaptiveConcurrency = Atomic<Int>(0)
  private let shedding = Atomic<Int>(0)
  private let requests = Atomic<Int>(0)
  private let connections = Atomic<Int>(0)
  private let outlierDetection = Atomic<Int>(0)

  package init() {}

  package func note(_ policy: ShadowPolicy) {
    switch policy {
    case .rateLimit: rateLimit.add(1, ordering: .relaxed)
    case .adaptiveConcurrency: adaptiveConcurrency.add(1, ordering: .relaxed)
    case .shedding: shedding.add(1, ordering: .relaxed)
    case .requests: requests.add(1, ordering: .relaxed)
    case .connections: connections.add(1, ordering: .relaxed)
    case .outlierDetection: outlierDetection.add(1, ordering: .relaxed)
    }
  }

  package func count(_ policy: ShadowPolicy) -> Int {
    switch policy {
    case .rateLimit: rateLimit.load(ordering: .relaxed)
    case .adaptiveConcurrency: adaptiveConcurrency.load(ordering: .relaxed)
    case .shedding: shedding.load(ordering: .relaxed)
    case .requests: requests.load(ordering: .relaxed)
    case .connections: connections.load(ordering: .relaxed)
    case .outlierDetection: outlierDetection.load(ordering: .relaxed)
    }
  }
}
