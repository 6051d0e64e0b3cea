import HTTPModel
import Primitives
import Reactor

/// Who asked: the client's side of an exchange.
///
/// A connection gives a stream and the exchange that serves it to each request, takes both back at its
/// end, and keeps neither while it is idle. Confinement: the worker's loop.
package class DownstreamStream: MessageStream {
  enum HeadRead {
    case whole
    /// More has to come.
    case incomplete
    /// There is no byte of a request, or the connection has ended without one.
    case nothing
    case failed(FailureKind, StaticString)
  }

  /// The one that serves it, for good.
  final let exchange: Exchange
  /// The request's; an object of the subclass's, with what its protocol adds.
  final let head: RequestHead
  /// How much of it is understood.
  final var headPart = RequestHead.Part.nothing
  private final var bound: DownstreamConnection?
  /// The connection may carry another request behind this one.
  final private(set) var keepsOpen = false

  init(worker: Worker, head: RequestHead, headBlock: Buffer = Buffer()) {
    self.head = head
    exchange = Exchange(worker: worker)
    super.init(worker: worker, headBlock: headBlock)
  }

  /// The client's connection. Precondition: a request is under way.
  final var connection: DownstreamConnection {
    guard let bound else { preconditionFailure("a stream without a connection") }
    return bound
  }

  final func bind(_ connection: DownstreamConnection) { bound = connection }

  /// Ready for the next request.
  final func unbind() {
    bound = nil
    headPart = .nothing
    keepsOpen = false
  }

  final func keepsOpen(_ keeps: Bool) { keepsOpen = keeps }

  private func missing() -> Never { preconditionFailure("a stream of no protocol") }

  // MARK: The request

  /// Reads on until the head is whole, no more is there, or it is refused.
  func readHead() -> HeadRead { missing() }

  /// Keeps what is known of a head that was refused or whose end did not come.
  func salvageHead() { missing() }

  /// The client sends its body only when it is told to.
  var awaitsContinue: Bool { missing() }

  /// `HTTP/1.1`, for the log.
  var protocolName: StaticString { missing() }

  /// `1.1`, for `Via` (RFC 9110 §7.6.3).
  var protocolVersion: StaticString { missing() }

  /// The body's bytes are to stay for another attempt, as long as they are no more than `most`.
  func keep(upTo most: Int) { missing() }

  /// Payload that was taken and is gone: nothing is sent again that is not all here.
  var unrepeatableBytes: UInt64 { missing() }

  /// The body was to be kept and was too long.
  var bodyOutgrew: Bool { missing() }

  /// The request is to be taken again, from its body's first byte. Precondition: all of it is here.
  func rewind() { missing() }

  /// Passes over a body that nobody wants; true: all of it is here, and the connection can go on.
  func skipBody() -> Bool { missing() }

  // MARK: The answer

  // What is put is sent by `flush`.

  /// A block for the answer's head, and for a long body a large one, if there is one; false: there is
  /// none.
  func makeOutput(for answer: UpstreamStream) -> Bool { missing() }

  /// Puts the head of the answer; false: it does not fit.
  func putHead(of answer: UpstreamStream, _ edits: HeaderEdits) -> Bool { missing() }

  /// Puts an interim head, where there is room and the client's protocol has such.
  func putInterim(of answer: UpstreamStream) { missing() }

  /// Puts the head behind which the protocol changes; false: it does not fit.
  func putUpgrade(of answer: UpstreamStream) -> Bool { missing() }

  /// Puts an answer of our own; false: it does not fit.
  func put(_ reply: LocalReply) -> Bool { missing() }

  /// Takes an answer back of which nothing has left; false: some of it is with the client.
  func takeBackHead() -> Bool { missing() }

  // MARK: The end

  /// Ends our part of it without an answer that is whole: the client learns that.
  func abort() { missing() }

  /// The answer is with the kernel. `isWhole`: so is all of the request.
  func finish(isWhole: Bool) { missing() }

  /// No request was begun.
  func withdraw() { missing() }

  /// The client has gone, or has ended its direction, which tells the same unless `mayHalfClose`.
  func hasLeft(mayHalfClose: Bool) -> Bool { missing() }

  /// The client's connection can take no answer any more.
  var isBroken: Bool { missing() }
}
