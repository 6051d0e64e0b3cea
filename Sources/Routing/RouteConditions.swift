import HTTPModel
import Primitives

/// What a route asks of a request beside its path and host.
struct RouteConditions {
  private struct Header {
    var id: FieldName
    var name: [UInt8]
    var value: [UInt8]?
  }

  private var knownMethods: UInt16 = 0
  private var otherMethods: [[UInt8]] = []
  private var anyMethod: Bool
  private var headers: [Header] = []

  init(_ match: RouteMatch) {
    anyMethod = match.methods.isEmpty
    for text in match.methods {
      if let known = Method.allCases.first(where: { $0 != .other && "\($0.name)" == text }) {
        knownMethods |= 1 << UInt16(known.rawValue)
      } else {
        otherMethods.append(Array(text.utf8))
      }
    }
    for header in match.headers {
      let name = header.name.lowercased()
      let id = FieldName.allCases.first { "\($0.text)" == name } ?? .other
      var value: [UInt8]?
      if case .exact(let text) = header.value { value = Array(text.utf8) }
      headers.append(Header(id: id, name: Array(name.utf8), value: value))
    }
  }

  /// True when nothing is asked.
  var isEmpty: Bool { anyMethod && headers.isEmpty }

  func hold(_ head: RequestHead, _ bytes: Span<UInt8>) -> Bool {
    guard anyMethod || allows(head, bytes) else { return false }
    for header in headers where !holds(header, head, bytes) { return false }
    return true
  }

  private func allows(_ head: RequestHead, _ bytes: Span<UInt8>) -> Bool {
    if head.method != .other { return knownMethods >> UInt16(head.method.rawValue) & 1 == 1 }
    let method = bytes.extracting(head.methodText.bounds)
    return otherMethods.contains { ByteScan.equal($0.span, method) }
  }

  private func holds(_ header: Header, _ head: RequestHead, _ bytes: Span<UInt8>) -> Bool {
    if header.id != .other, !head.present.contains(header.id) { return false }
    let isOther = header.id == .other
    for field in head.fields
    where field.id == header.id || (isOther && field.id == .disguised) {
      if isOther,
        !ByteTable.equalLowercased(bytes.extracting(field.name.bounds), header.name.span)
      {
        continue
      }
      guard let value = header.value else { return true }
      if ByteScan.equal(bytes.extracting(field.value.bounds), value.span) { return true }
    }
    return false
  }
}
