import HTTPModel
import Primitives
import Reactor

/// Who is asked: the endpoint's side of an attempt.
///
/// Confinement: the worker's loop.
package class UpstreamStream: MessageStream {
  enum HeadRead: Equatable {
    /// `head` is there: a final one, an interim one, or one that changes the protocol, by its status.
    case whole
    /// More has to come.
    case incomplete
    /// The budget is spent.
    case noRoom
    case failed(FailureKind, StaticString)

    static func == (left: HeadRead, right: HeadRead) -> Bool {
      switch (left, right) {
      case (.whole, .whole), (.incomplete, .incomplete), (.noRoom, .noRoom): true
      default: false
      }
    }
  }

  /// The status of an answer before its head is whole.
  enum StatusRead {
    case incomplete
    case known(UInt16)
    /// No status stands where it ought to.
    case none
  }

  /// What became of a request's head.
  enum HeadPut {
    /// It is in the output.
    case whole
    /// The budget is spent.
    case noRoom
    case tooLarge
  }

  /// The answer's; an object of the subclass's, with what its protocol adds.
  final let head: ResponseHead

  init(worker: Worker, headBlock: Buffer, head: ResponseHead) {
    self.head = head
    super.init(worker: worker, headBlock: headBlock)
  }

  private func missing() -> Never { preconditionFailure("a stream of no protocol") }

  // MARK: The request

  /// An attempt begins: what is sent from here on is its. Puts the request's head into the output, from
  /// which `flush` sends it.
  func putHead(
    of exchange: Exchange, _ downstream: DownstreamStream, _ route: Route,
    to endpoint: WorkerEndpoint
  )
    -> HeadPut
  {
    missing()
  }

  /// Bytes of this attempt that were given to the kernel: none proves that nobody acted on it.
  var bytesWritten: UInt64 { missing() }

  /// All of the request is with the kernel: its buffer may go.
  func requestIsOut() { missing() }

  // MARK: The answer

  /// Reads on until a head is whole, no more is there, or it is refused. `received` is told of bytes
  /// that came.
  func readHead(answering method: Method, received: () -> Void) -> HeadRead { missing() }

  /// What is known of the status before the head is read.
  func readStatus() -> StatusRead { missing() }

  /// Receives once, for one whose answer is not wanted yet.
  func receive() -> Received { missing() }

  /// The head has been used; behind a final one comes the payload.
  func passHead() { missing() }

  /// The head is read again from its first byte.
  func rereadHead() { missing() }

  /// Passes over an answer that nobody wants; true: all of it is here, and the connection can go on.
  func skipAnswer() -> Bool { missing() }

  /// Bytes of the largest head that is read.
  var headBytesMax: Int { missing() }

  /// The endpoint has agreed to the change of protocol that `request` asked for.
  func isUpgradeAgreed(to request: DownstreamStream) -> Bool { missing() }

  // MARK: The connection

  /// Its connection is there: a request can be sent.
  final var isConnected = true

  /// `attempt` hears what happens on it from here on.
  func lend(to attempt: Attempt) { missing() }

  /// When its connection was opened.
  var openedAt: Instant { missing() }

  /// Requests that the connection has carried, this one included.
  var requestNumber: UInt64 { missing() }

  /// Where it broke off, its connection did, or does not take it any more.
  var endedWithConnection: Bool { true }

  /// It has been closed or reset.
  var isBroken: Bool { missing() }

  /// What is told came before the attempt's request was sent (response-queue poisoning).
  var isAnsweredTooEarly: Bool { missing() }

  /// Something may be there to be received, an end included.
  var mayReceive: Bool { missing() }

  /// The connection may carry another request behind the answer, as its head says.
  var isPersistent: Bool { missing() }

  /// The connection carries a login, and belongs to one client.
  var isPrivate: Bool { missing() }

  /// Why the connection may carry no other request behind a whole exchange; nil: it may, and holds no
  /// buffer any more.
  func reuse(afterUpgradeAsked: Bool) -> UpstreamMetrics.Close? { missing() }

  /// Gives it back for another request.
  func checkIn(to upstream: WorkerUpstream, _ endpoint: WorkerEndpoint) { missing() }

  /// The same for the next request of `client` and of nobody else.
  func keep(for client: DownstreamConnection, _ endpoint: WorkerEndpoint) { missing() }

  /// Ends the attempt's part of its connection. `reset`: the endpoint learns that what it sends or
  /// sent is not wanted.
  func close(at endpoint: WorkerEndpoint, _ reason: UpstreamMetrics.Close, reset: Bool) {
    missing()
  }
}
