import HTTPModel
import Primitives

/// Decodes request heads (RFC 9112 §3, §5, §6) at any split of their bytes.
///
/// ```
/// empty lines ── request line ── field line* ── empty line ── verdict on the whole
/// ```
///
/// Lines are judged in order and each once, when it is whole, so the verdict does not depend on how
/// the bytes were split. The head is judged for size before a line's content. A value; feeds on the
/// caller's bytes. Cost: linear; no allocation once the head's table has grown.
package struct RequestDecoder: Sendable {
  private let limits: HeadLimits
  private var lines = LineReader()
  private(set) var isAtFields = false
  private var hostCount = 0
  private var framing = FramingFields()

  package init(limits: HeadLimits) {
    self.limits = limits
  }

  /// Forgets a head that was begun.
  package mutating func reset() {
    lines.reset()
    isAtFields = false
    hostCount = 0
    framing = FramingFields()
  }

  /// Whether `bytes`, all that was received, hold more than empty lines.
  package func hasBegun(_ bytes: Span<UInt8>) -> Bool {
    isAtFields || lines.lineStart < bytes.count
  }

  /// Reads on. `bytes` is all that was received from the head's first byte; false: more is needed.
  /// After true, `head.headBytes` bytes are the head's, and the decoder is ready for the next.
  package mutating func decode(
    _ bytes: Span<UInt8>, into head: HTTP1RequestHead
  ) throws(HeadFault) -> Bool {
    while let line = try nextLine(bytes) {
      if !isAtFields {
        // RFC 9112 §2.2: empty lines before the request line are skipped.
        if line.isEmpty { continue }
        begin(head)
        do throws(HeadFault) {
          try RequestLine.decode(bytes, line, limits, into: head)
        } catch {
          throw ForeignProtocol.asking(bytes.extracting(line)) ?? error
        }
        isAtFields = true
      } else if line.isEmpty {
        head.headBytes = line.upperBound + 2
        try finish(bytes, head)
        reset()
        return true
      } else {
        guard head.fields.count < limits.fieldsMax else { throw .tooManyFields }
        let field = try FieldParser.field(in: bytes, line: line)
        head.fields.append(field)
        if field.id != .other { try note(field, bytes, head) }
      }
    }
    return false
  }

  private mutating func nextLine(_ bytes: Span<UInt8>) throws(HeadFault) -> Range<Int>? {
    do throws(HeadFault) {
      return try lines.next(bytes, bytesMax: limits.headBytesMax)
    } catch {
      throw isAtFields ? error : startLineFault(error, bytes)
    }
  }

  private func startLineFault(_ fault: HeadFault, _ bytes: Span<UInt8>) -> HeadFault {
    let rest = bytes.extracting(lines.lineStart..<bytes.count)
    if fault == .headTooLarge {
      // Without a space there is no target that could be too long.
      let most = min(rest.count, max(limits.headBytesMax - 1 - lines.lineStart, 0))
      let space = ByteScan.firstIndex(of: 0x20, in: rest.extracting(0..<most), from: 0)
      return space == nil ? fault : .targetTooLong
    }
    return ForeignProtocol.asking(rest) ?? fault.inStartLine
  }

  func begin(_ head: HTTP1RequestHead) {
    head.fields.removeAll(keepingCapacity: true)
    head.present = .none
    head.expectsContinue = false
    head.acceptsTrailers = false
    head.wantsUpgrade = false
    head.nominatesOthers = false
    head.logsIn = false
    head.authority = .empty
  }

  private mutating func note(
    _ field: Field, _ bytes: Span<UInt8>, _ head: HTTP1RequestHead
  ) throws(HeadFault) {
    head.present.insert(field.id)
    let value = field.value.bounds
    switch field.id {
    case .host:
      hostCount += 1
      guard hostCount == 1 else { throw .repeatedHost }
      guard Authority.isValid(bytes.extracting(value), mayBeEmpty: true) else { throw .badHost }
      if head.authority.isEmpty { head.authority = field.value }
    case .connection, .contentLength, .transferEncoding:
      try framing.note(field, bytes)
    case .authorization, .proxyAuthorization:
      if ConnectionLogin.isNamed(in: bytes, value) { head.logsIn = true }
    // As any other name from here on; only `present` tells.
    case .trustedOnly: head.fields[head.fields.count - 1].id = .other
    case .expect:
      guard ByteScan.equalIgnoringCase(bytes.extracting(value), "100-continue") else {
        throw .badExpectation
      }
      head.expectsContinue = true
    case .te:
      let allOther = Token.eachElement(of: bytes, in: value) { element in
        !ByteScan.equalIgnoringCase(bytes.extracting(element), "trailers")
      }
      if !allOther { head.acceptsTrailers = true }
    default: break
    }
  }

  private func finish(_ bytes: Span<UInt8>, _ head: HTTP1RequestHead) throws(HeadFault) {
    let isHTTP11 = head.minorVersion == 1
    // RFC 9112 §3.2: a 1.1 request without Host is answered 400.
    guard hostCount == 1 || !isHTTP11 else { throw .missingHost }
    head.nominatesOthers = framing.nominatesOthers
    head.lengthName = framing.name
    head.isPersistent = framing.isPersistent(isHTTP11: isHTTP11)
    head.wantsUpgrade =
      isHTTP11 && framing.nominatesUpgrade && head.present.contains(.upgrade)
    // RFC 9110 §10.1.1: an expectation in a 1.0 request is ignored.
    if !isHTTP11 { head.expectsContinue = false }
    guard let codings = framing.transferEncoding else {
      head.frame(framing.contentLength.map { .length($0) } ?? .none)
      return
    }
    guard codings == .chunked else { throw .badTransferEncoding }
    // RFC 9112 §6.1: both, or chunked in a 1.0 message, is how requests are smuggled.
    guard framing.contentLength == nil else { throw .lengthAndChunked }
    guard isHTTP11 else { throw .transferEncodingOnHTTP10 }
    head.frame(.chunked)
  }
}
