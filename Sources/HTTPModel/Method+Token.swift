import Primitives

extension Method {
  /// The registered method that `token` spells, in upper case as RFC 9110 §9.1 has it.
  package init(_ token: Span<UInt8>) {
    let candidate: Method =
      switch (token.count, token[0]) {
      case (3, 0x47): .get
      case (3, 0x50): .put
      case (4, 0x50): .post
      case (4, 0x48): .head
      case (5, 0x50): .patch
      case (5, 0x54): .trace
      case (6, 0x44): .delete
      case (7, 0x43): .connect
      case (7, 0x4F): .options
      default: .other
      }
    self = candidate != .other && ByteScan.equal(token, candidate.name) ? candidate : .other
  }
}
