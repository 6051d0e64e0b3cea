import HTTPModel
import Primitives
import Reactor

/// A part of a request that a policy goes by: which bucket it draws from, which endpoint is its
/// home.
package enum RequestKey: Sendable, Equatable {
  case header(FieldKey)
  /// A cookie's name.
  case cookie([UInt8])
  /// The client's address, as trusted proxies tell it, else the peer's.
  case source
  /// The verified peer's SPIFFE id, else its certificate's subject.
  case identity
  /// Without the query.
  case path

  private static let cookieField = FieldKey("cookie")

  /// Gives `body` the part's bytes; nil: the request has none.
  func with<Result>(
    _ exchange: Exchange, _ downstream: DownstreamStream, _ body: (Span<UInt8>) -> Result
  ) -> Result? {
    let input = downstream.headBlock
    let bytes = input.readable
    switch self {
    case .header(let key):
      guard let value = key.first(in: downstream.head, bytes) else { return nil }
      return body(bytes.extracting(value.bounds))
    case .cookie(let name):
      guard let field = Self.cookieField.first(in: downstream.head, bytes) else { return nil }
      let value = bytes.extracting(field.bounds)
      guard let found = Self.cookie(name, in: value) else { return nil }
      return body(value.extracting(found))
    case .source:
      let text = exchange.clientText(downstream)
      return body(text.span)
    case .identity:
      guard let name = downstream.connection.securedPeer?.name, !name.isEmpty else { return nil }
      return body(name.span)
    case .path: return exchange.withPath(downstream.head, input, body)
    }
  }

  /// Where the value of `name` stands in a `Cookie` (RFC 6265 §4.2.1).
  private static func cookie(_ name: [UInt8], in field: Span<UInt8>) -> Range<Int>? {
    var start = 0
    while start < field.count {
      while start < field.count, field[start] == 0x20 || field[start] == 0x3B { start += 1 }
      var end = start
      while end < field.count, field[end] != 0x3B { end += 1 }
      let equals = start + name.count
      if equals < end, field[equals] == 0x3D, matches(name, field, at: start) {
        return equals + 1..<end
      }
      start = end
    }
    return nil
  }

  private static func matches(_ name: [UInt8], _ field: Span<UInt8>, at start: Int) -> Bool {
    for place in name.indices where field[start + place] != name[place] { return false }
    return true
  }
}
