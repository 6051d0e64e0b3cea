import HTTPModel
import Primitives
import Telemetry

/// The fields of requests and answers that somebody chose for the access log.
package struct LoggedFields: Sendable {
  /// A name, and what finds it.
  package struct Entry: Sendable {
    let name: [UInt8]
    let key: FieldKey

    package init(_ name: String) {
      self.name = Array(name.utf8)
      key = FieldKey(name)
    }
  }

  /// Bytes of a value that are logged.
  static let valueBytesMax = 128

  package let request: [Entry]
  package let response: [Entry]
  /// Asked for each answer.
  let hasResponse: Bool

  package init(request: [String] = [], response: [String] = []) {
    self.request = request.map(Entry.init)
    self.response = response.map(Entry.init)
    hasResponse = !response.isEmpty
  }

  /// The values of an answer's fields, in the order of `response`; nil: it has none of that name. They
  /// are taken with its head, whose bytes are gone when the line is written.
  func values(of head: ResponseHead, _ bytes: Span<UInt8>) -> [[UInt8]?] {
    response.map { entry in
      entry.key.first(in: head.fields, head.present, bytes).map { range in
        let value = bytes.extracting(range.bounds)
        return (0..<min(value.count, Self.valueBytesMax)).map { value[$0] }
      }
    }
  }

  /// The request's fields that are there, as one member.
  func writeRequest(_ head: RequestHead, _ bytes: Span<UInt8>, _ json: inout JSONWriter) {
    guard !request.isEmpty else { return }
    json.beginObject("request_headers")
    for entry in request {
      guard let range = entry.key.first(in: head, bytes) else { continue }
      json.member(entry.name)
      json.value(bytes.extracting(range.bounds), most: Self.valueBytesMax)
    }
    json.endObject()
  }

  func writeResponse(_ values: [[UInt8]?], _ json: inout JSONWriter) {
    guard values.contains(where: { $0 != nil }) else { return }
    json.beginObject("response_headers")
    for (entry, value) in zip(response, values) {
      guard let value else { continue }
      json.member(entry.name)
      json.value(value.span, most: Self.valueBytesMax)
    }
    json.endObject()
  }
}
