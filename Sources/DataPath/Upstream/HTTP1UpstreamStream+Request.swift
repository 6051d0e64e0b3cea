import HTTP1
import HTTPClient
import HTTPModel
import Primitives
import Routing
import Telemetry

/// The head of the request, written anew from what was understood.
extension HTTP1UpstreamStream {
  @inline(__always)
  func writeHead(
    of exchange: Exchange, _ downstream: DownstreamStream, _ route: Route,
    _ settings: ProxySettings, to endpoint: WorkerEndpoint, _ out: Buffer
  ) -> Bool {
    let head = downstream.head
    let edits = route.requestEdits
    let input = downstream.headBlock
    let bytes = input.readable
    let fields = RequestFields(exchange, head, edits, settings, bytes)
    let sink = HTTP1FieldSink(out: out)
    return writeLine(exchange, head, route, input, out)
      && (fields.copiesHost || writeHost(fields, head, edits, endpoint, bytes, sink))
      && fields.copy(head, edits, bytes, to: sink)
      && writeFraming(head, bytes, sink)
      && fields.add(exchange, downstream, edits, settings, bytes, to: sink)
      && HeadEncoder.append("\r\n", to: out)
  }

  private func writeLine(
    _ exchange: Exchange, _ head: RequestHead, _ route: Route, _ input: Buffer, _ out: Buffer
  ) -> Bool {
    let method = input.slice(head.methodText)
    let query = input.slice(head.query)
    return exchange.withPath(head, input) { path in
      guard let rewrite = route.rewrite, head.targetForm != .asterisk else {
        return HeadEncoder.appendRequestLine(
          method: method, path: path, query: query, hasQuery: head.hasQuery, to: out)
      }
      guard method.count + query.count + 16 <= out.writableCount else { return false }
      out.append(method)
      out.append(0x20)
      guard rewrite.apply(to: path, into: out), query.count + 12 <= out.writableCount else {
        return false
      }
      if head.hasQuery {
        out.append(0x3F)
        out.append(query)
      }
      out.append(" HTTP/1.1\r\n")
      return true
    }
  }

  private func writeHost(
    _ fields: RequestFields, _ head: RequestHead, _ edits: HeaderEdits,
    _ endpoint: WorkerEndpoint, _ bytes: Span<UInt8>, _ sink: HTTP1FieldSink
  ) -> Bool {
    guard sink.out.writableCount >= 8 else { return false }
    sink.begin(.host, "host: ", head, bytes)
    return fields.withHost(head, edits, endpoint, bytes) { host in
      guard host.count + 2 <= sink.out.writableCount else { return false }
      sink.out.append(host)
      sink.end()
      return true
    }
  }

  private func writeFraming(
    _ head: RequestHead, _ bytes: Span<UInt8>, _ sink: HTTP1FieldSink
  ) -> Bool {
    let out = sink.out
    guard out.writableCount >= 128 else { return false }
    sendsChunks = false
    let name = head.lengthName
    switch head.length {
    case .known(let length):
      sink.begin(as: bytes.extracting(name.bounds))
      out.append(decimal: length)
      sink.end()
    case .unknown:
      sendsChunks = true
      if name.isEmpty {
        sink.begin("transfer-encoding: ")
      } else {
        sink.begin(as: bytes.extracting(name.bounds))
      }
      out.append("chunked")
      sink.end()
    case .none: break
    }
    if UpgradeField.isRequested(head, bytes) { return writeUpgrade(head, bytes, sink) }
    if head.acceptsTrailers {
      sink.begin(.te, "te: ", head, bytes)
      out.append("trailers")
      sink.end()
      sink.begin(.connection, "connection: ", head, bytes)
      out.append("te")
      sink.end()
    }
    return true
  }

  private func writeUpgrade(
    _ head: RequestHead, _ bytes: Span<UInt8>, _ sink: HTTP1FieldSink
  ) -> Bool {
    sink.begin(.connection, "connection: ", head, bytes)
    sink.out.append("upgrade")
    sink.end()
    for field in head.fields where field.id == .upgrade {
      let name = bytes.extracting(field.name.bounds)
      guard sink.put(as: name, bytes.extracting(field.value.bounds)) else { return false }
    }
    return true
  }
}
