import HTTPModel
import Primitives

extension RequestFieldReader {
  /// What is known of a head that was refused: the pseudo-fields that stood in front of the fault, and
  /// the fields there. Ranges lie in `block`. Call once, when the block has ended.
  ///
  /// Why: a refusal that says nothing of its request cannot be found again by whoever sent it, and an
  /// answer to HEAD has no content, also where the rest of its head was refused (RFC 9110 §9.3.2).
  func salvage(_ head: RequestHead, _ block: Buffer) -> RequestHead.Part {
    guard block.hasBlock, let method else { return .nothing }
    let bytes = block.readable
    head.methodText = method
    head.method = Method(bytes.extracting(method.bounds))
    if let known = authority ?? host { head.authority = known }
    guard let target = head.method == .connect ? authority : path else { return .method }
    head.target = target
    do throws(HeadFault) {
      try RequestTarget.decode(bytes, target.bounds, into: head)
    } catch {
      return .target
    }
    return .line
  }
}
