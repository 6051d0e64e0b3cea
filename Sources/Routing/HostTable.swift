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
    let lower = Array(host.lowercased().utf8)
    if lower.starts(with: [0x2A, 0x2E]) {
      return Self.number(
        wildcard.insert(Array(lower.dropFirst())), &wildcardNumbers, &count)
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

  /// The numbers that fit `authority`, a host and perhaps a port.
  /// Cost: linear in the host's length and labels; no allocation.
  func numbers(of authority: Span<UInt8>) -> HostNumbers {
    var numbers = HostNumbers()
    guard count > 1 else { return numbers }
    let host = authority.extracting(0..<Self.hostCount(authority))
    guard host.count > 0 else { return numbers }
    if let index = exact.find(Self.hash(host, from: 0), host, ignoringCase: true) {
      numbers.append(exactNumbers[index])
    }
    guard !wildcardNumbers.isEmpty else { return numbers }
    for start in 1..<max(host.count, 1) where host[start] == 0x2E {
      let suffix = host.extracting(start..<host.count)
      if let index = wildcard.find(Self.hash(host, from: start), suffix, ignoringCase: true) {
        numbers.append(wildcardNumbers[index])
      }
    }
    return numbers
  }

  private static func hash(_ host: Span<UInt8>, from start: Int) -> UInt64 {
    var hash = StableHash()
    for index in start..<host.count { hash.combine(ByteScan.asciiLowercased(host[index])) }
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
