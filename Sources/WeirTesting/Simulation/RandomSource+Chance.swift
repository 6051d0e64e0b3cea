import Primitives

extension RandomSource {
  /// True `times` out of `bound`.
  package mutating func chance(_ times: UInt32, in bound: UInt32) -> Bool { below(bound) < times }
}
