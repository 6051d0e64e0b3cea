/// How many descriptors each use may take of those that the process has, over all workers.
///
/// Why each has its own: a use that takes what it can get would leave none for the others, and one
/// peer that only holds connections would then stop every request. `DescriptorPlan` works the
/// numbers out; a reload may change them, and what is above a new one drains away.
/// Any thread. Cost: one atomic exchange when a connection opens, one when it closes.
package final class DescriptorBudget: Sendable {
  package enum Use: String, Sendable, CaseIterable {
    /// Connections of clients.
    case clients
    /// Connections of clients that were refused and are read until the client has its answer.
    case refused
    /// Connections to endpoints, in use or idle.
    case endpoints
  }

  private let slots: [Slots]

  package init(clients: Int, refused: Int, endpoints: Int) {
    slots = [Slots(most: clients), Slots(most: refused), Slots(most: endpoints)]
  }

  /// Takes a descriptor's place; false when the use has all that it may have.
  package func acquire(_ use: Use) -> Bool { slots(use).acquire() }
  package func release(_ use: Use) { slots(use).release() }
  package func used(_ use: Use) -> Int { slots(use).used }
  package func most(_ use: Use) -> Int { slots(use).most }
  package func set(_ use: Use, most: Int) { slots(use).set(most: most) }

  /// Fewer than an eighth is left.
  package func isScarce(_ use: Use) -> Bool {
    let slots = slots(use)
    return slots.most - slots.used < slots.most / 8
  }

  private func slots(_ use: Use) -> Slots {
    switch use {
    case .clients: slots[0]
    case .refused: slots[1]
    case .endpoints: slots[2]
    }
  }
}
