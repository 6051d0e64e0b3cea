/// Which directions of a tunnel have ended.
struct TunnelEnds: OptionSet {
  let rawValue: UInt8

  static let request = TunnelEnds(rawValue: 1)
  static let response = TunnelEnds(rawValue: 2)
}
