import Primitives
import Reactor

extension ByteStream {
  /// Sends `rest` by way of `output`, a block at a time, and keeps in it what the kernel does not take yet.
  /// For messages that are made whole beforehand. Precondition: `output` has a block.
  package final func flush(_ rest: inout ArraySlice<UInt8>) -> Flush {
    let out = output
    while true {
      if out.isEmpty {
        guard !rest.isEmpty else { return .drained }
        let part = rest.prefix(out.capacity)
        out.append(Array(part))
        rest = rest.dropFirst(part.count)
      }
      let flushed = flush()
      guard flushed == .drained else { return flushed }
    }
  }
}
