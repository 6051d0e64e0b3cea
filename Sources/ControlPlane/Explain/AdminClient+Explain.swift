import Primitives

extension AdminClient {
  /// What the proxy at `address` says of a request; without an id: of the latest ones that fit
  /// `filters`, whose names and values are those of the admin endpoint's query.
  package static func explain(
    _ requestID: String?, at address: SocketAddress, filters: [(name: String, value: String)] = []
  ) throws(Unreachable) -> Answer {
    let query = filters.map { "\($0.name)=\(encoded($0.value))" }.joined(separator: "&")
    return try ask(
      address,
      "/explain" + (requestID.map { "/" + encoded($0) } ?? "") + (query.isEmpty ? "" : "?" + query))
  }

  /// As a part of a path (RFC 3986 §3.3): all but what is unreserved is percent-encoded.
  static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += byte < 16 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }
}
