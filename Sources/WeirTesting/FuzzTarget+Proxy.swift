import Primitives
import Transport

extension FuzzTarget {
  /// The verdict on a header is the same however its bytes are split, and a whole one lies inside them.
  static func proxy(_ bytes: [UInt8]) {
    func judge(_ parts: [Int]) -> ProxyHeader.Read {
      for end in parts {
        let read = ProxyHeader.read(bytes.span.extracting(0..<end))
        if read != .incomplete { return read }
      }
      return .incomplete
    }
    let verdicts = ways(bytes).map(judge)
    precondition(verdicts.allSatisfy { $0 == verdicts[0] }, "split bytes mean something else")
    switch verdicts[0] {
    case .whole(let header):
      precondition(header.count <= bytes.count && header.count <= ProxyHeader.bytesMax)
      precondition(header.source == nil || header.source?.ip != nil)
    case .incomplete: precondition(bytes.count < ProxyHeader.bytesMax, "it waits for too much")
    case .refused: break
    }
  }
}
