import HTTPModel
import Primitives

/// What a head's `Connection`, `Content-Length` and `Transfer-Encoding` fields say together
/// (RFC 9112 §6, §9.3). A value that is told of each such field in order.
struct FramingFields: Sendable {
  enum Codings: Sendable {
    /// Exactly one coding, `chunked`.
    case chunked
    /// Anything else.
    case others
  }

  /// Options that all `Connection` fields hold, and bytes. Why bounded: each field that is copied
  /// is held against all of them. Source: ours; a head in use has two or three.
  private static let connectionOptionsMax: UInt16 = 32
  private static let connectionBytesMax = 1024

  private var connectionOptions: UInt16 = 0
  private var connectionBytes = 0
  /// The message ends with its head, whatever these fields say: an answer to HEAD, a 1xx, 204 or
  /// 304 (RFC 9112 §6.3, rule 1). A length that cannot be understood is then no fault.
  var endsAtHead = false
  private(set) var contentLength: UInt64?
  /// With `endsAtHead`: there was a length that could not be understood.
  private(set) var hasOddLength = false
  private(set) var transferEncoding: Codings?
  /// The name of the field that frames the message, as it was spelled.
  private(set) var name = ByteRange(start: 0, count: 0)
  private(set) var nominatesUpgrade = false
  private(set) var nominatesOthers = false
  private var saysClose = false
  private var saysKeepAlive = false

  func isPersistent(isHTTP11: Bool) -> Bool {
    !saysClose && (isHTTP11 || saysKeepAlive)
  }

  mutating func note(_ field: Field, _ bytes: Span<UInt8>) throws(HeadFault) {
    let value = field.value.bounds
    switch field.id {
    case .connection: try noteConnection(bytes, value)
    case .contentLength:
      // RFC 9112 §6.3 allows equal repeats to be merged; a strict reader has no need to.
      guard contentLength == nil, !hasOddLength else {
        return try refuseLength(.repeatedContentLength)
      }
      guard let length = Token.decimal(bytes.extracting(value)) else {
        return try refuseLength(.badContentLength)
      }
      contentLength = length
      name = field.name
    default:
      // A second field line makes a list of two, which is not a single `chunked`.
      let isChunked = ByteScan.equalIgnoringCase(bytes.extracting(value), "chunked")
      transferEncoding = transferEncoding == nil && isChunked ? .chunked : .others
      if !endsAtHead { name = field.name }
    }
  }

  private mutating func refuseLength(_ fault: HeadFault) throws(HeadFault) {
    guard endsAtHead else { throw fault }
    hasOddLength = true
    contentLength = nil
  }

  private mutating func noteConnection(
    _ bytes: Span<UInt8>, _ value: Range<Int>
  ) throws(HeadFault) {
    // Bytes too: blanks and empty elements are no options (RFC 9110 §5.6.1.2: a reasonable number).
    connectionBytes += value.count
    guard connectionBytes <= Self.connectionBytesMax else { throw .tooManyConnectionOptions }
    var copy = self
    _ = Token.eachElement(of: bytes, in: value) { element in
      copy.noteOption(bytes.extracting(element))
      return copy.connectionOptions <= Self.connectionOptionsMax
    }
    self = copy
    guard connectionOptions <= Self.connectionOptionsMax else { throw .tooManyConnectionOptions }
  }

  private mutating func noteOption(_ option: Span<UInt8>) {
    connectionOptions += 1
    switch option.count {
    case 5 where ByteScan.equalIgnoringCase(option, "close"): saysClose = true
    case 10 where ByteScan.equalIgnoringCase(option, "keep-alive"): saysKeepAlive = true
    case 7 where ByteScan.equalIgnoringCase(option, "upgrade"): nominatesUpgrade = true
    case 2 where ByteScan.equalIgnoringCase(option, "te"): break
    default: nominatesOthers = true
    }
  }
}
