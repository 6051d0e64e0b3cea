/// Subsets of an upstream's endpoints by metadata, each with a small id.
///
/// A selector is a list of keys (Envoy's subset selectors): endpoints that have all of them and
/// agree on the values form one subset. Ids are given in the order of selectors and endpoints, so
/// equal input gives equal ids. Built off the request path; bounded: 65,535 subsets, those beyond
/// have no id. A value.
package struct SubsetTable: Sendable {
  package struct Pair: Sendable, Hashable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  private static let subsetsMax = Int(UInt16.max)
  private var ids: [[Pair]: UInt16] = [:]
  /// The ids of each endpoint, ascending.
  package private(set) var memberships: [[UInt16]] = []

  package var count: Int { ids.count }

  package init(selectors: [[String]], metadata: [[Pair]]) {
    memberships = [[UInt16]](repeating: [], count: metadata.count)
    for keys in selectors {
      for (index, pairs) in metadata.enumerated() {
        guard let subset = Self.subset(keys, pairs) else { continue }
        guard let id = id(making: subset) else { continue }
        if memberships[index].last != id { memberships[index].append(id) }
      }
    }
    for index in memberships.indices { memberships[index].sort() }
  }

  /// The subset of the endpoints that have all of `pairs`; nil: no endpoint has, or no selector
  /// names these keys.
  package func id(of pairs: [Pair]) -> Int? {
    ids[pairs.sorted { $0.key < $1.key }].map(Int.init)
  }

  private mutating func id(making subset: [Pair]) -> UInt16? {
    if let known = ids[subset] { return known }
    guard ids.count < Self.subsetsMax else { return nil }
    let id = UInt16(ids.count)
    ids[subset] = id
    return id
  }

  private static func subset(_ keys: [String], _ pairs: [Pair]) -> [Pair]? {
    var found: [Pair] = []
    for key in keys.sorted() {
      guard let pair = pairs.first(where: { $0.key == key }) else { return nil }
      found.append(pair)
    }
    return found
  }
}
