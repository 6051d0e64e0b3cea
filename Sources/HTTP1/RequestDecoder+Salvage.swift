import HTTPModel
import Primitives

extension RequestDecoder {
  /// What is known of a head that was refused, or whose end never came: its method, its target as
  /// far as it is there, and the fields in front of the fault. All ranges lie in `bytes`, which is
  /// what `decode` was given last.
  ///
  /// Why: a refusal that says nothing of its request cannot be found again by whoever sent it, and
  /// an answer to HEAD has no body, also where the rest of its head was refused (RFC 9110 §9.3.2).
  package func salvage(_ bytes: Span<UInt8>, into head: HTTP1RequestHead) -> RequestHead.Part {
    if isAtFields { return .line }
    begin(head)
    head.methodText = .empty
    head.target = .empty
    var start = 0
    while start + 1 < bytes.count, bytes[start] == 0x0D, bytes[start + 1] == 0x0A { start += 2 }
    let methodEnd = Token.end(in: bytes, from: start)
    guard methodEnd > start, methodEnd < bytes.count, bytes[methodEnd] == 0x20 else {
      return .nothing
    }
    head.methodText = ByteRange(start..<methodEnd)
    head.method = Method(bytes.extracting(start..<methodEnd))
    let targetEnd = ByteScan.firstNonVisible(in: bytes, from: methodEnd + 1)
    guard targetEnd > methodEnd + 1 else { return .method }
    head.target = ByteRange(methodEnd + 1..<targetEnd)
    return .target
  }
}
