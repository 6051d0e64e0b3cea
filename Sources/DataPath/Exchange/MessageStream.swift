import HTTPModel
import Primitives
import Reactor
import Transport

/// What both sides of an exchange are: one request and its answer, as the codec of a connection carries
/// them.
///
/// Payload is pulled: `move` hands what one side holds to the other, `receive` takes more from its
/// connection, and the exchange calls them only while the other side has room. So the four ways from
/// one version of HTTP to another are two codecs on two sides, and not four paths.
///
/// ```
/// source: receive ─▶ move ─▶ …─▶ move = ended      sink: put | payloadBuffer ─▶ flush ─▶ … ─▶ putEnd
/// ```
///
/// Why a class with overridden methods: one indirect call an event, as `EventSource`. Confinement:
/// the worker's loop.
package class MessageStream {
  /// What became of the payload that a stream holds.
  enum Moved {
    /// All of it that can be understood is with the sink.
    case all
    /// The sink is full, or was to be given no more: there is more.
    case full
    /// The message is with the sink, its end too.
    case ended
    /// It cannot be understood: `fault` says why.
    case failed
  }

  /// What a connection had.
  enum Received {
    /// Bytes came; so many of them are payload that is with the sink already.
    case bytes(Int)
    case nothing
    case failed(FailureKind)
  }

  /// What a codec refused.
  struct Fault {
    var kind: FailureKind
    var detail: StaticString
  }

  /// Received at once of a long body: 64 KiB fell out of the processor's nearest caches between the
  /// receive and the send, and 1 GiB took up to five times as long as with half of it.
  static let bulkBytesMax = 32 * 1024

  final let worker: Worker
  final let pool: BufferPool
  /// Where the head's fields stand: their ranges count from the first byte in it.
  final let headBlock: Buffer
  /// How many of its bytes the head takes, once it is whole.
  final var headBytes = 0
  /// Why `move` failed.
  final var fault = Fault(kind: .malformedRequest, detail: "")
  /// Payload that the last `move` handed on.
  final var movedBytes = 0

  init(worker: Worker, headBlock: Buffer) {
    self.worker = worker
    pool = worker.pool
    self.headBlock = headBlock
  }

  private func missing() -> Never { preconditionFailure("a stream of no protocol") }

  // MARK: Source

  /// Hands payload that is here to `sink`, at most `most` bytes, and the end behind the last of it;
  /// `edits`: what the route leaves out of trailers, asked for where there may be some.
  func move(into sink: MessageStream, upTo most: Int, _ edits: () -> HeaderEdits) -> Moved {
    missing()
  }

  /// Takes more from the connection, straight into `sink`'s output where nothing stands between.
  func receive(towards sink: MessageStream, upTo most: Int) -> Received { missing() }

  /// Appends the trailer lines but what `edits` leave out; false, and nothing appended: there is no room.
  func appendTrailers(_ edits: HeaderEdits, to out: Buffer) -> Bool { missing() }

  // MARK: Sink

  /// Payload that `put` takes now.
  var payloadRoom: Int { missing() }

  /// Precondition: there is room for it.
  func put(_ payload: Span<UInt8>) { missing() }

  /// Where payload may be received without a copy, `expected` bytes of it in all; nil: it has to be
  /// framed.
  func payloadBuffer(_ expected: UInt64) -> Buffer? { missing() }

  /// The end of the message, with `source`'s trailers; false: there is no room for it yet.
  func putEnd(of source: MessageStream, _ edits: () -> HeaderEdits) -> Bool { missing() }

  /// Sends what was put.
  func flush() -> ByteStream.Flush { missing() }

  var isOutputEmpty: Bool { missing() }

  // MARK: A tunnel

  /// The bytes of the connection, behind an upgrade; nil: the protocol has no such thing.
  var tunnel: ByteStream? { nil }

  /// Moves what came ahead, before the protocol changed, into `out`; how much it was.
  func takeEarly(into out: Buffer) -> Int { missing() }

  /// Some of that is left.
  var hasEarly: Bool { missing() }
}
