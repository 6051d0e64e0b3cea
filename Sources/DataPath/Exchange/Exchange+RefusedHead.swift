import HTTP1
import HTTPModel
import Primitives
import Reactor

/// A request whose head was refused, or did not end in time.
///
/// Beside the journey: what was read of it goes into the answer, the log and `/explain`, so that
/// whoever sent it can be told what became of it.
extension Exchange {
  /// Keeps what is known of the head, and gives the request an id and a trace as any other.
  func salvageHead(_ downstream: DownstreamConnection) {
    let input = downstream.input
    let bytes = input.readable
    headPart = decoder.salvage(bytes, into: head)
    if headPart != .nothing { judgeFields(downstream) }
    identify(bytes)
  }
}
