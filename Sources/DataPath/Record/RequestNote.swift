import HTTPModel
import Primitives
import Reactor
import Upstreams

/// A request that has ended, for Weir's own log at the level `debug`.
package struct RequestNote: Sendable {
  package let requestID: String
  package let method: String
  package let target: String
  package let client: String
  package let listener: String
  package let route: String?
  package let upstream: String?
  package let endpoint: String?
  package let status: Int
  /// `none` where there was no failure.
  package let failure: String
  package let attempts: Int
  package let durationNanoseconds: Int64

  init(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ code: UInt16, _ nanoseconds: Int64
  ) {
    let block = downstream.headBlock
    let part = downstream.headPart
    method = part >= .method ? Self.text(downstream.head.methodText, in: block) : ""
    target = part >= .target ? Self.text(downstream.head.target, in: block) : ""
    let id = Buffer(capacity: 512)
    exchange.identifiers.requestID.append(head: block.readable, to: id)
    requestID = Self.text(ByteRange(0..<id.count), in: id)
    client = String(decoding: exchange.clientText(downstream), as: UTF8.self)
    listener = exchange.listener?.settings.name ?? ""
    route = exchange.route?.name
    upstream = exchange.upstream?.plan.name
    endpoint = exchange.endpoint.map { String(decoding: $0.text, as: UTF8.self) }
    status = Int(code)
    failure = exchange.failure?.name ?? "none"
    attempts = Int(exchange.attempts.sent)
    durationNanoseconds = nanoseconds
  }

  /// At most 256 bytes of it.
  private static func text(_ range: ByteRange, in buffer: Buffer) -> String {
    guard range.bounds.upperBound <= buffer.count else { return "" }
    let bytes = buffer.readable
    let end = min(range.bounds.upperBound, range.bounds.lowerBound + 256)
    return String(decoding: (range.bounds.lowerBound..<end).map { bytes[$0] }, as: UTF8.self)
  }
}
