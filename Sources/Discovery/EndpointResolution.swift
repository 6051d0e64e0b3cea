import Primitives

/// Turns endpoints as configured into addresses, and keeps the last good answer of each name.
///
/// Confinement: one Dispatch queue, since it blocks.
package final class EndpointResolution {
  package struct Endpoint: Hashable, Sendable {
    package var address: SocketAddress
    package var weight: UInt32
  }

  package struct Answer: Sendable {
    package var endpoints: [Endpoint]
    /// Names that could not be resolved now; their last good addresses are among the endpoints.
    package var failedNames: [String]
  }

  private let lookUp: (_ host: String, _ port: UInt16) -> [SocketAddress]?
  private var lastGood: [String: [SocketAddress]] = [:]

  package init(
    lookUp: @escaping (String, UInt16) -> [SocketAddress]? = NameResolver.resolve(_:port:)
  ) {
    self.lookUp = lookUp
  }

  /// `configured`: addresses or `host:port`, each with its weight. An address that occurs twice
  /// counts once, with the sum of the weights.
  package func resolve(_ configured: [(address: String, weight: Int)]) -> Answer {
    var answer = Answer(endpoints: [], failedNames: [])
    for entry in configured {
      for address in addresses(entry.address, &answer.failedNames) {
        let weight = UInt32(clamping: entry.weight)
        if let index = answer.endpoints.firstIndex(where: { $0.address == address }) {
          answer.endpoints[index].weight += weight
        } else {
          answer.endpoints.append(Endpoint(address: address, weight: weight))
        }
      }
    }
    return answer
  }

  private func addresses(_ text: String, _ failed: inout [String]) -> [SocketAddress] {
    if let address = SocketAddress(text) { return [address] }
    guard let colon = text.lastIndex(of: ":"),
      let port = SocketAddress.port(text[text.index(after: colon)...])
    else { return [] }
    if let found = lookUp(String(text[..<colon]), port) {
      lastGood[text] = found
      return found
    }
    failed.append(text)
    return lastGood[text] ?? []
  }
}
