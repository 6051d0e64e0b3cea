import HTTP2
import HTTPModel
import Primitives
import Routing

/// The head of the request, as fields that wait in the stream.
extension HTTP2UpstreamStream {
  func writeHead(
    of exchange: Exchange, _ downstream: DownstreamStream, _ route: Route,
    _ settings: ProxySettings, to endpoint: WorkerEndpoint
  ) -> Bool {
    let head = downstream.head
    let edits = route.requestEdits
    let input = downstream.headBlock
    let bytes = input.readable
    let fields = RequestFields(exchange, head, edits, settings, bytes, copiesHost: false)
    let list = record.fields
    list.removeAll()
    let sink = HTTP2FieldSink(list)
    return writePseudo(exchange, head, route, input, sink, isSecure: endpoint.isSecure)
      && fields.withHost(head, edits, endpoint, bytes) { sink.put(":authority: ", $0) }
      && fields.copy(head, edits, bytes, to: sink)
      && writeLength(head, sink)
      && fields.add(exchange, downstream, edits, settings, bytes, to: sink)
  }

  /// RFC 9113 §8.3.1.
  private func writePseudo(
    _ exchange: Exchange, _ head: RequestHead, _ route: Route, _ input: Buffer,
    _ sink: HTTP2FieldSink, isSecure: Bool
  ) -> Bool {
    let scheme: StaticString = isSecure ? "https" : "http"
    guard sink.put(":method: ", input.slice(head.methodText)), sink.out.writableCount >= 32 else {
      return false
    }
    sink.begin(":scheme: ")
    sink.out.append(scheme)
    sink.end()
    return exchange.withPath(head, input) { path in
      let query = input.slice(head.query)
      guard path.count + query.count + 16 <= sink.out.writableCount else { return false }
      sink.begin(":path: ")
      if let rewrite = route.rewrite, head.targetForm != .asterisk {
        guard rewrite.apply(to: path, into: sink.out), query.count + 2 <= sink.out.writableCount
        else { return false }
      } else {
        sink.out.append(path)
      }
      if head.hasQuery {
        sink.out.append(0x3F)
        sink.out.append(query)
      }
      sink.end()
      return true
    }
  }

  private func writeLength(_ head: RequestHead, _ sink: HTTP2FieldSink) -> Bool {
    guard sink.out.writableCount >= 128 else { return false }
    if case .known(let length) = head.length {
      sink.begin("content-length: ")
      sink.out.append(decimal: length)
      sink.end()
    }
    if head.acceptsTrailers {
      sink.begin("te: ")
      sink.out.append("trailers")
      sink.end()
    }
    return true
  }
}
