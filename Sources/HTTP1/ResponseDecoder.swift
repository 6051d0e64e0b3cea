import HTTPModel
import Primitives

/// Decodes response heads (RFC 9112 §4, §5, §6) as strictly as requests, at any split.
///
/// Interim responses (1xx) come out as heads of their own with framing `none`. What the framing is
/// depends on the request's method. A value; cost as `RequestDecoder`.
package struct ResponseDecoder: Sendable {
  package var limits: HeadLimits
  private var lines = LineReader()
  private var isAtFields = false
  private var framing = FramingFields()

  package init(limits: HeadLimits) {
    self.limits = limits
  }

  package mutating func reset() {
    lines.reset()
    isAtFields = false
    framing = FramingFields()
  }

  /// As `RequestDecoder.decode`; `method` is that of the request which is answered.
  package mutating func decode(
    _ bytes: Span<UInt8>, answering method: Method, into head: HTTP1ResponseHead
  ) throws(HeadFault) -> Bool {
    while let line = try nextLine(bytes) {
      if !isAtFields {
        begin(head)
        do throws(HeadFault) {
          try decodeStatusLine(bytes, line, head)
        } catch {
          throw ForeignProtocol.answering(bytes.extracting(line)) ?? error
        }
        framing.endsAtHead =
          method == .head || head.status < 200 || head.status == 204 || head.status == 304
        isAtFields = true
      } else if line.isEmpty {
        head.headBytes = line.upperBound + 2
        try finish(head)
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

  @inline(__always)
  private mutating func nextLine(_ bytes: Span<UInt8>) throws(HeadFault) -> Range<Int>? {
    do throws(HeadFault) {
      return try lines.next(bytes, bytesMax: limits.headBytesMax)
    } catch {
      guard let fault = lineFault(error, bytes) else { return nil }
      throw fault
    }
  }

  /// What a line is refused as; nil: more of it is needed to tell.
  private func lineFault(_ fault: HeadFault, _ bytes: Span<UInt8>) -> HeadFault? {
    if isAtFields { return fault }
    let rest = bytes.extracting(lines.lineStart..<bytes.count)
    if ForeignProtocol.mayBecomeFrame(rest) { return nil }
    return ForeignProtocol.answering(rest) ?? fault.inStartLine
  }

  private func begin(_ head: HTTP1ResponseHead) {
    head.fields.removeAll(keepingCapacity: true)
    head.present = .none
    head.declaredLength = nil
    head.keepAliveSeconds = nil
    head.logsIn = false
  }

  /// `HTTP/1.x SP 3DIGIT [SP reason]`; the second space may be missing with the reason.
  private func decodeStatusLine(
    _ bytes: Span<UInt8>, _ line: Range<Int>, _ head: HTTP1ResponseHead
  ) throws(HeadFault) {
    let at = line.lowerBound
    guard line.count >= 12 else { throw .badStartLine }
    guard let (major, minor) = Version.decode(bytes, at..<at + 8) else { throw .badVersion }
    guard major == 1 else { throw .versionUnsupported }
    guard bytes[at + 8] == 0x20 else { throw .badStartLine }
    guard let status = Token.decimal(bytes.extracting(at + 9..<at + 12)), status >= 100,
      status <= 599
    else { throw .badStatus }
    guard line.count == 12 || bytes[at + 12] == 0x20 else { throw .badStatus }
    head.minorVersion = minor == 0 ? 0 : 1
    head.status = UInt16(status)
    head.reason = ByteRange(min(at + 13, line.upperBound)..<line.upperBound)
  }

  private mutating func note(
    _ field: Field, _ bytes: Span<UInt8>, _ head: HTTP1ResponseHead
  ) throws(HeadFault) {
    head.present.insert(field.id)
    switch field.id {
    case .connection, .contentLength, .transferEncoding: try framing.note(field, bytes)
    case .wwwAuthenticate, .proxyAuthenticate:
      if ConnectionLogin.isNamed(in: bytes, field.value.bounds) { head.logsIn = true }
    case .proxySupport, .persistentAuth:
      if ConnectionLogin.isDeclared(field.id, bytes.extracting(field.value.bounds)) {
        head.logsIn = true
      }
    case .trustedOnly: head.fields[head.fields.count - 1].id = .other
    case .keepAlive:
      var seconds: UInt32?
      _ = Token.eachElement(of: bytes, in: field.value.bounds) { element in
        if element.count > 8,
          ByteScan.equalIgnoringCase(
            bytes.extracting(element.lowerBound..<element.lowerBound + 8), "timeout="),
          let value = Token.decimal(bytes.extracting(element.lowerBound + 8..<element.upperBound))
        {
          seconds = UInt32(clamping: value)
        }
        return true
      }
      head.keepAliveSeconds = seconds ?? head.keepAliveSeconds
    default: break
    }
  }

  /// RFC 9112 §6.3, in its order.
  private func finish(_ head: HTTP1ResponseHead) throws(HeadFault) {
    let isHTTP11 = head.minorVersion == 1
    head.nominatesOthers = framing.nominatesOthers
    head.isPersistent = framing.isPersistent(isHTTP11: isHTTP11)
    head.lengthName = framing.name
    if framing.endsAtHead { return finishAtHead(head) }
    if let codings = framing.transferEncoding {
      guard codings == .chunked else { throw .badTransferEncoding }
      guard framing.contentLength == nil else { throw .lengthAndChunked }
      guard isHTTP11 else { throw .transferEncodingOnHTTP10 }
      head.frame(.chunked)
    } else if let length = framing.contentLength {
      head.frame(.length(length))
    } else {
      head.frame(.untilClose)
      head.isPersistent = false
    }
  }

  /// Whatever the fields say there is no body. What they say is passed on only where it is about the
  /// answer that a GET would have had (HEAD, 304; RFC 9110 §8.6); with a 1xx or a 204 nothing of it
  /// may be sent, and an endpoint that does may send a body too, so its connection is not kept.
  private func finishAtHead(_ head: HTTP1ResponseHead) {
    head.frame(.none)
    if head.status < 200 || head.status == 204 {
      if framing.transferEncoding != nil || (framing.contentLength ?? 0) > 0 {
        head.isPersistent = false
      }
    } else {
      head.declaredLength = framing.contentLength
    }
    if framing.hasOddLength { head.isPersistent = false }
  }
}
