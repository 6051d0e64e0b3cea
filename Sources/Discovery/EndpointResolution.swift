import Primitives

/// Turns endpoints as configured into addresses, by what name lookups answered, and keeps the last
/// good answer of each name.
///
/// A value that never waits: lookups are `NameLookups`' business.
package struct EndpointResolution {
  package struct Endpoint: Hashable, Sendable {
    package var address: SocketAddress
    package var weight: UInt32
    /// Which of the configured entries it comes from, the first where there are several.
    package var entry: Int

    package init(address: SocketAddress, weight: UInt32, entry: Int) {
      self.address = address
      self.weight = weight
      self.entry = entry
    }
  }

  package struct Answer: Equatable, Sendable {
    package var endpoints: [Endpoint]
    /// Names that could not be resolved yet, or now; their last good addresses are among the
    /// endpoints.
    package var failedNames: [String]

    package init(endpoints: [Endpoint], failedNames: [String]) {
      self.endpoints = endpoints
      self.failedNames = failedNames
    }
  }

  private enum Known {
    case good
    case failed
  }

  private var lastGood: [String: [SocketAddress]] = [:]
  private var known: [String: Known] = [:]

  package init() {}

  /// `host:port` of those among `configured` that are names.
  package static func names(_ configured: some Sequence<String>) -> [String] {
    configured.filter { SocketAddress($0) == nil }
  }

  /// Whether a lookup of `name` has ended, well or not.
  package func isKnown(_ name: String) -> Bool { known[name] != nil }

  /// A lookup of `name` has ended; nil: it failed.
  package mutating func note(_ name: String, _ found: [SocketAddress]?) {
    known[name] = found == nil ? .failed : .good
    if let found { lastGood[name] = found }
  }

  /// Forgets what is not among `names`, so that reloads do not add up.
  package mutating func keep(only names: Set<String>) {
    lastGood = lastGood.filter { names.contains($0.key) }
    known = known.filter { names.contains($0.key) }
  }

  /// `configured`: addresses or `host:port`, each with its weight. An address that occurs twice
  /// counts once, with the sum of the weights.
  package func answer(_ configured: [(address: String, weight: Int)]) -> Answer {
    var answer = Answer(endpoints: [], failedNames: [])
    var places: [SocketAddress: Int] = [:]
    for (number, entry) in configured.enumerated() {
      for address in addresses(entry.address, &answer.failedNames) {
        let weight = UInt32(clamping: entry.weight)
        if let place = places[address] {
          let sum = answer.endpoints[place].weight.addingReportingOverflow(weight)
          answer.endpoints[place].weight = sum.overflow ? .max : sum.partialValue
        } else {
          places[address] = answer.endpoints.count
          answer.endpoints.append(Endpoint(address: address, weight: weight, entry: number))
        }
      }
    }
    return answer
  }

  private func addresses(_ text: String, _ failed: inout [String]) -> [SocketAddress] {
    if let address = SocketAddress(text) { return [address] }
    if known[text] != .good { failed.append(text) }
    return lastGood[text] ?? []
  }
}
