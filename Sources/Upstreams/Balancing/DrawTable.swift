/// Weighted draws in constant time: alias tables (Walker 1977, as Vose 1991 fills them), those of
/// many groups side by side.
///
/// Each place is its own endpoint up to `cut` of 2^32 and another one beyond. Cost: one random
/// number and two loads a draw, 8 bytes an entry; filling is O(n), off the request path.
package struct DrawTable: Sendable {
  private var cuts: [UInt32]
  private var others: [UInt32]
  // Work lists of `fill`, kept so that filling does not allocate again.
  private var light: [UInt32] = []
  private var heavy: [UInt32] = []
  private var parts: [Double]

  package init(room: Int) {
    cuts = [UInt32](repeating: 0, count: room)
    others = [UInt32](repeating: 0, count: room)
    parts = [Double](repeating: 0, count: room)
  }

  /// Prepares `members[start ..< start + count]` at the same places of this table.
  package mutating func fill(_ members: [UInt32], start: Int, count: Int, weights: [UInt32]) {
    var total: UInt64 = 0
    for place in start..<start + count { total += UInt64(weights[Int(members[place])]) }
    light.removeAll(keepingCapacity: true)
    heavy.removeAll(keepingCapacity: true)
    for place in start..<start + count {
      let part = Double(weights[Int(members[place])]) * Double(count) / Double(total)
      parts[place] = part
      if part < 1 { light.append(UInt32(place)) } else { heavy.append(UInt32(place)) }
    }
    while let small = light.last, let large = heavy.last {
      light.removeLast()
      cuts[Int(small)] = UInt32(min(parts[Int(small)] * 4_294_967_296, 4_294_967_295))
      others[Int(small)] = members[Int(large)]
      parts[Int(large)] -= 1 - parts[Int(small)]
      if parts[Int(large)] < 1 {
        heavy.removeLast()
        light.append(large)
      }
    }
    // Whoever is left, but for rounding, has a whole place.
    for place in light { settle(members, Int(place)) }
    for place in heavy { settle(members, Int(place)) }
  }

  private mutating func settle(_ members: [UInt32], _ place: Int) {
    cuts[place] = .max
    others[place] = members[place]
  }

  package var byteCount: Int { cuts.count * 16 + (light.capacity + heavy.capacity) * 4 }

  /// The endpoint at `place` or the one it shares it with; `coin` is a random number.
  @inline(__always)
  func endpoint(_ members: [UInt32], _ place: Int, coin: UInt32) -> Int {
    Int(coin < cuts[place] ? members[place] : others[place])
  }
}
