import Primitives

/// The hosts that routes name, each with a number; 0 is "any".
struct HostTable {
  private var exact: ByteTable
  private var wildcard: ByteTable
  private var exactNumbers: [Int] = []
  private var wildcardNumbers: [Int] = []
  private var count = 1

  init(capacity: Int) {
    exact = ByteTable(capacity: capacity)
    wildcard = ByteTable(capacity: capacity)
  }

  /// `host` as configured: a name, or `*.` and a name.
  mutating func insert(_ host: String) -> Int {
    var lower = Array(host.lowercased().utf8)
    if lower.last == 0x2E { lower.removeLast() }
    if lower.starts(with: [0x2A, 0x2E]) {
      let suffix = Array(lower.dropFirst())
      let hash = Self.suffixHash(suffix.span)
      return Self.number(wildcard.insert(suffix, hash: hash), &wildcardNumbers, &count)
    }
    return Self.number(exact.insert(lower), &exactNumbers, &count)
  }

  private static func number(_ index: Int, _ numbers: inout [Int], _ count: inout Int) -> Int {
    if index == numbers.count {
      numbers.append(count)
      count += 1
    }
    return numbers[index]
  }

  /// The numbers that fit `authority`, a host and perhaps a port. One dot at the host's end is
  /// nothing: to DNS, and to services, `a.test.` is `a.test`.
  /// Cost: linear in the host's length; no allocation.
  func numbers(of authority: Span<UInt8>) -> HostNumbers {
    var numbers = HostNumbers()
    guard count > 1 else { return numbers }
    var host = authority.extracting(0..<Self.hostCount(authority))
    if host.count > 0, host[host.count - 1] == 0x2E {
      host = host.extracting(0..<host.count - 1)
    }
    guard host.count > 0 else { return numbers }
    if let index = exact.find(Self.hash(host), host, ignoringCase: true) {
      numbers.append(exactNumbers[index])
    }
    guard !wildcardNumbers.isEmpty else { return numbers }
    // From the right, so that one pass has the hash of every suffix: hashing each by itself would
    // let a name of many dots cost the square of its length.
    var hash = StableHash()
    var start = host.count - 1
    while start > 0 {
      hash.combine(ByteScan.asciiLowercased(host[start]))
      if host[start] == 0x2E,
        let index = wildcard.find(
          hash.value, host.extracting(start..<host.count), ignoringCase: true)
      {
        numbers.append(wildcardNumbers[index])
      }
      start -= 1
    }
    return numbers
  }

  private static func hash(_ host: Span<UInt8>) -> UInt64 {
    var hash = StableHash()
    for index in host.indices { hash.combine(ByteScan.asciiLowercased(host[index])) }
    return hash.value
  }

  /// The hash of a suffix's bytes from the last to the first.
  private static func suffixHash(_ suffix: Span<UInt8>) -> UInt64 {
    var hash = StableHash()
    for index in suffix.indices.reversed() { hash.combine(suffix[index]) }
    return hash.value
  }

  /// Bytes before the port; an IPv6 literal keeps its brackets.
  private static func hostCount(_ authority: Span<UInt8>) -> Int {
    var index = authority.count
    while index > 0 {
      index -= 1
      if authority[index] == 0x3A { return index }
      if authority[index] == 0x5D { return authority.count }
    }
    return authority.count
  }
}
