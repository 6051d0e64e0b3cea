import HTTPModel
import Primitives
import Reactor
import Telemetry
import Upstreams

/// Which fields of an endpoint's answer go on to the client, and which are put in.
///
/// `Date` and `Server` pass untouched; a `Date` that is missing is put in. Cost: one copy of the
/// fields. False: it does not fit.
enum AnswerFields {
  /// The endpoint's fields that go on.
  @inline(__always)
  static func copy<Sink: FieldSink>(
    _ exchange: Exchange, _ head: ResponseHead, _ edits: HeaderEdits, _ bytes: Span<UInt8>,
    to sink: Sink
  ) -> Bool {
    var omitted = FieldSet.hopByHop.union(edits.omitted)
    // Where there are two hints, ours is the nearer one.
    if saysRetried(exchange) { omitted.insert(.xWeirRetried) }
    return sink.copy(
      head.fields, of: bytes, omitting: omitted, others: edits.others,
      nominatesOthers: head.nominatesOthers)
  }

  /// What an interim head or one before another protocol shows. A route's rules hold for these too:
  /// what it removes does not get out in them.
  static func copyInterim<Sink: FieldSink>(
    _ exchange: Exchange, _ head: ResponseHead, _ bytes: Span<UInt8>, to sink: Sink
  ) -> Bool {
    let edits = exchange.route?.responseEdits ?? .none
    return sink.copy(
      head.fields, of: bytes, omitting: FieldSet.hopByHop.union(edits.omitted),
      others: edits.others, nominatesOthers: head.nominatesOthers)
  }

  /// RFC 9110 §6.6.1: who receives an answer without `Date` and has a clock appends when it came.
  /// Not where the route decides on the field. The text is made once a second.
  @inline(__always)
  static func addDate<Sink: FieldSink>(
    _ exchange: Exchange, _ head: ResponseHead, _ edits: HeaderEdits, _ bytes: Span<UInt8>,
    to sink: Sink
  ) -> Bool {
    if head.present.contains(.date), !head.nominatesOthers { return true }
    return addMissingDate(exchange, head, edits, bytes, sink)
  }

  private static func addMissingDate<Sink: FieldSink>(
    _ exchange: Exchange, _ head: ResponseHead, _ edits: HeaderEdits, _ bytes: Span<UInt8>,
    _ sink: Sink
  ) -> Bool {
    let isKept = head.fields.contains {
      $0.id == .date
        && !ConnectionField.nominates(bytes.extracting($0.name.bounds), head.fields, bytes)
    }
    if isKept || edits.omitted.contains(.date) { return true }
    guard sink.out.writableCount >= 64 else { return false }
    addDate(exchange.worker, to: sink)
    return true
  }

  /// The room has been made sure of.
  static func addDate<Sink: FieldSink>(_ worker: Worker, to sink: Sink) {
    sink.begin("date: ")
    worker.timestamps.appendHTTPDate(worker.loop.kernel.unixNanoseconds(), to: sink.out)
    sink.end()
  }

  /// What Weir and the route put in, behind the endpoint's own.
  @inline(__always)
  static func add<Sink: FieldSink>(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ head: ResponseHead,
    _ edits: HeaderEdits, to sink: Sink
  ) -> Bool {
    addRetried(exchange, sink)
      && (head.status < 500 || addRequestID(exchange, downstream, head, sink))
      && sink.add(edits)
  }

  private static func saysRetried(_ exchange: Exchange) -> Bool {
    exchange.attempts.begun > 1 && exchange.isAnswerBad && exchange.route?.policy?.retry != nil
  }

  /// An answer that is still bad after retries says so: who is above need not try again.
  private static func addRetried<Sink: FieldSink>(_ exchange: Exchange, _ sink: Sink) -> Bool {
    guard saysRetried(exchange) else { return true }
    guard sink.out.writableCount >= 64 else { return false }
    sink.begin("x-weir-retried: ")
    sink.out.append(decimal: UInt64(exchange.attempts.begun))
    sink.end()
    return true
  }

  /// The client of a failed request learns the id that `weir explain` knows it by.
  private static func addRequestID<Sink: FieldSink>(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ head: ResponseHead, _ sink: Sink
  ) -> Bool {
    guard exchange.settings?.marksErrors == true,
      !head.fields.contains(where: { $0.id == .xRequestID })
    else { return true }
    guard sink.out.writableCount >= RequestID.bytesMax + 32 else { return false }
    let block = downstream.headBlock
    sink.begin("x-request-id: ")
    exchange.identifiers.requestID.append(head: block.readable, to: sink.out)
    sink.end()
    return true
  }
}
