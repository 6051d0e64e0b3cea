import HTTPModel
import Primitives

/// Makes an answer's head from the fields of a HEADERS block, one after the other (RFC 9113 §8.3.2).
///
/// What it accepts can be written as HTTP/1 and means the same there; all else is refused by a name, which
/// is kept, and what follows it is only counted. The fields stand in the block as lines of text, as those of
/// a request do (`RequestFieldReader`). Pure. Cost: one copy.
struct ResponseFieldReader {
  private let limits: HeadLimits
  private(set) var fault: HeadFault?
  /// As RFC 9113 §6.5.2 counts a list: 32 bytes a field beside its own.
  private var listBytes = 0
  private var fieldCount = 0
  private var hasStatus = false
  private var contentLength: UInt64?
  /// How much payload has to come; nil: any.
  private(set) var payloadBytes: UInt64?

  init(_ limits: HeadLimits) { self.limits = limits }

  mutating func refuse(_ reason: HeadFault) {
    if fault == nil { fault = reason }
  }

  /// Counts a field; true: it is to be kept.
  mutating func counts(_ bytes: Int) -> Bool {
    fieldCount += 1
    listBytes += bytes + 32
    if listBytes > limits.headBytesMax { refuse(.headTooLarge) }
    // The pseudo-field is no field line.
    if fieldCount > limits.fieldsMax + 1 { refuse(.tooManyFields) }
    return fault == nil
  }

  /// Precondition: `block` has room for both and 4 bytes, or there is a fault.
  mutating func add(
    _ name: Span<UInt8>, _ value: Span<UInt8>, to head: ResponseHead, _ block: Buffer
  ) {
    do throws(HeadFault) {
      try take(name, value, head, block)
    } catch {
      refuse(error)
    }
  }

  private mutating func take(
    _ name: Span<UInt8>, _ value: Span<UInt8>, _ head: ResponseHead, _ block: Buffer
  ) throws(HeadFault) {
    guard name.count > 0 else { throw .badFieldName }
    if name[0] == 0x3A { return try takeStatus(name, value, head) }
    // §8.3: pseudo-fields come first.
    guard hasStatus else { throw .missingPseudoField }
    let id = try FieldRule.classify(name, value)
    var field = FieldRule.appendLine(name, value, id, to: block)
    if id != .other { head.present.insert(id) }
    if id == .contentLength {
      guard contentLength == nil else { throw .repeatedContentLength }
      guard let length = Token.decimal(value) else { throw .badContentLength }
      contentLength = length
      head.lengthName = field.name
    }
    // As any other name from here on; only `present` tells.
    if id == .trustedOnly { field.id = .other }
    head.fields.append(field)
  }

  private mutating func takeStatus(
    _ name: Span<UInt8>, _ value: Span<UInt8>, _ head: ResponseHead
  ) throws(HeadFault) {
    guard ByteScan.equal(name, ":status") else { throw .unknownPseudoField }
    guard !hasStatus else { throw .repeatedPseudoField }
    // §8.6: there is no 101.
    guard value.count == 3, let status = Token.decimal(value), status >= 100, status <= 599,
      status != 101
    else { throw .badStatus }
    hasStatus = true
    begin(head)
    head.status = UInt16(status)
  }

  private func begin(_ head: ResponseHead) {
    head.reason = .empty
    head.fields.removeAll(keepingCapacity: true)
    head.present = .none
    head.length = .none
    head.declaredLength = nil
    head.lengthName = .empty
    head.nominatesOthers = false
    head.keepAliveSeconds = nil
    head.logsIn = false
  }

  /// The block has ended, and with it the answer where `isEnd`; `method`: that of the request.
  mutating func finish(_ head: ResponseHead, answering method: Method, isEnd: Bool) {
    guard fault == nil else { return }
    guard hasStatus else { return refuse(.missingPseudoField) }
    if head.status < 200 {
      // §8.1: an interim head ends nothing.
      if isEnd { refuse(.badStatus) }
      return
    }
    if method == .head || head.status == 304 || head.status == 204 {
      // Whatever they say there is no payload; what a GET would have had is passed on.
      if head.status != 204 { head.declaredLength = contentLength }
      payloadBytes = 0
    } else if let contentLength {
      if isEnd, contentLength > 0 { return refuse(.lengthDiffers) }
      head.length = .known(contentLength)
      payloadBytes = contentLength
    } else {
      head.length = isEnd ? .known(0) : .unknown
    }
  }
}
