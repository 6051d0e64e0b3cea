import HTTPModel
import Primitives

/// Makes a request head from the fields of a HEADERS block, one after the other (RFC 9113 §8.3.1).
///
/// ```
/// :method :scheme :path :authority (any order, once each) ── field* ── verdict on the whole
/// ```
///
/// What it accepts can be written as HTTP/1 and means the same there; all else is refused by a name. The
/// fields stand in the block as lines of text, so that they are copied as a received head's are. A
/// fault is kept, and what follows it is only counted: a peer's blocks must be read to their end, or
/// the table that all of them share is lost (RFC 7541 §2.2). Pure. Cost: one copy.
struct RequestFieldReader {
  private let limits: HeadLimits
  private(set) var fault: HeadFault?
  /// As RFC 9113 §6.5.2 counts a list: 32 bytes a field beside its own.
  private var listBytes = 0
  private var fieldCount = 0
  private var seesFields = false
  private(set) var method: ByteRange?
  private(set) var scheme: ByteRange?
  private(set) var path: ByteRange?
  private(set) var authority: ByteRange?
  private(set) var host: ByteRange?
  private(set) var contentLength: UInt64?
  /// Where the parts of a cookie stand, which a client may send apart (RFC 9113 §8.2.3).
  private var crumbs: [Int] = []

  init(_ limits: HeadLimits) { self.limits = limits }

  mutating func refuse(_ reason: HeadFault) {
    if fault == nil { fault = reason }
  }

  /// Precondition: `block` has room for both and 4 bytes, or there is a fault.
  mutating func add(
    _ name: Span<UInt8>, _ value: Span<UInt8>, to head: RequestHead, _ block: Buffer
  ) {
    do throws(HeadFault) {
      try take(name, value, head, block)
    } catch {
      refuse(error)
    }
  }

  /// Counts a field; true: it is to be kept.
  mutating func counts(_ bytes: Int) -> Bool {
    fieldCount += 1
    listBytes += bytes + 32
    if listBytes > limits.headBytesMax { refuse(.headTooLarge) }
    // The four pseudo-fields are no field lines.
    if fieldCount > limits.fieldsMax + 4 { refuse(.tooManyFields) }
    return fault == nil
  }

  private mutating func take(
    _ name: Span<UInt8>, _ value: Span<UInt8>, _ head: RequestHead, _ block: Buffer
  ) throws(HeadFault) {
    guard name.count > 0 else { throw .badFieldName }
    if name[0] == 0x3A { return try takePseudo(name, value, block) }
    seesFields = true
    let id = try FieldRule.classify(name, value)
    if id == .host {
      guard host == nil else { throw .repeatedHost }
      host = Self.append(value, block)
      return
    }
    let field = FieldRule.appendLine(name, value, id, to: block)
    head.fields.append(field)
    if id == .other {
      if ByteScan.equal(name, "cookie") { crumbs.append(head.fields.count - 1) }
    } else {
      try note(field, value, head)
    }
  }

  private mutating func note(
    _ field: Field, _ value: Span<UInt8>, _ head: RequestHead
  ) throws(HeadFault) {
    head.present.insert(field.id)
    switch field.id {
    case .contentLength:
      guard contentLength == nil else { throw .repeatedContentLength }
      guard let length = Token.decimal(value) else { throw .badContentLength }
      contentLength = length
      head.lengthName = field.name
    case .te:
      // §8.2.2: it may say nothing else.
      guard ByteScan.equalIgnoringCase(value, "trailers") else { throw .connectionSpecificField }
      head.acceptsTrailers = true
    case .expect:
      guard ByteScan.equalIgnoringCase(value, "100-continue") else { throw .badExpectation }
      head.expectsContinue = true
    // As any other name from here on; only `present` tells.
    case .trustedOnly: head.fields[head.fields.count - 1].id = .other
    default: break
    }
  }

  private mutating func takePseudo(
    _ name: Span<UInt8>, _ value: Span<UInt8>, _ block: Buffer
  ) throws(HeadFault) {
    guard !seesFields else { throw .misplacedPseudoField }
    switch name.count {
    case 7 where ByteScan.equal(name, ":method"):
      guard value.count > 0, Token.end(in: value, from: 0) == value.count else { throw .badMethod }
      try Self.set(&method, value, block)
    case 7 where ByteScan.equal(name, ":scheme"):
      guard
        ByteScan.equalIgnoringCase(value, "http") || ByteScan.equalIgnoringCase(value, "https")
      else { throw .badScheme }
      try Self.set(&scheme, value, block)
    case 5 where ByteScan.equal(name, ":path"):
      guard value.count <= limits.targetBytesMax else { throw .targetTooLong }
      guard value.count > 0, ByteScan.firstNonVisible(in: value, from: 0) == value.count else {
        throw .badTarget
      }
      try Self.set(&path, value, block)
    case 10 where ByteScan.equal(name, ":authority"):
      guard Authority.isValid(value, mayBeEmpty: false) else { throw .badHost }
      try Self.set(&authority, value, block)
    // Extended CONNECT is not announced (RFC 8441 §3), so `:protocol` is as any other.
    default: throw .unknownPseudoField
    }
  }

  private static func set(
    _ range: inout ByteRange?, _ value: Span<UInt8>, _ block: Buffer
  ) throws(HeadFault) {
    guard range == nil else { throw .repeatedPseudoField }
    range = append(value, block)
  }

  private static func append(_ value: Span<UInt8>, _ block: Buffer) -> ByteRange {
    let start = block.count
    block.append(value)
    return ByteRange(start..<block.count)
  }

  /// The block has ended, and with it the request where `isEnd`. What is there of a refused head is
  /// left as it is.
  mutating func finish(_ head: RequestHead, _ block: Buffer, isEnd: Bool) {
    guard fault == nil else { return }
    do throws(HeadFault) {
      try judge(head, block, isEnd)
    } catch {
      refuse(error)
    }
  }

  private mutating func judge(
    _ head: RequestHead, _ block: Buffer, _ isEnd: Bool
  ) throws(HeadFault) {
    guard let method else { throw .missingPseudoField }
    let bytes = block.readable
    head.methodText = method
    head.method = Method(bytes.extracting(method.bounds))
    try judgeAuthority(head, bytes)
    if head.method == .connect {
      // §8.5: neither a scheme nor a path.
      guard scheme == nil, path == nil else { throw .misplacedPseudoField }
      head.target = head.authority
      try RequestTarget.decode(bytes, head.authority.bounds, into: head)
    } else {
      guard scheme != nil, let path else { throw .missingPseudoField }
      let first = bytes[Int(path.start)]
      guard first == 0x2F || first == 0x2A else { throw .badTarget }
      head.target = path
      try RequestTarget.decode(bytes, path.bounds, into: head)
    }
    if let contentLength {
      guard !isEnd || contentLength == 0 else { throw .lengthDiffers }
      head.length = .known(contentLength)
    } else {
      head.length = isEnd ? .none : .unknown
    }
    guard joinCookies(head, block) else { throw .headTooLarge }
  }

  /// `:authority`, or `Host` where a client sends that instead; where both are there they say the
  /// same (§8.3.1).
  private func judgeAuthority(_ head: RequestHead, _ bytes: Span<UInt8>) throws(HeadFault) {
    if let host {
      let text = bytes.extracting(host.bounds)
      guard Authority.isValid(text, mayBeEmpty: false) else { throw .badHost }
      if let authority {
        guard ByteScan.equalIgnoringCase(text, bytes.extracting(authority.bounds)) else {
          throw .hostDiffers
        }
      }
    }
    guard let known = authority ?? host else { throw .missingHost }
    head.authority = known
  }

  /// One field of them all, as HTTP/1 has it (§8.2.3). False: no room is left.
  private func joinCookies(_ head: RequestHead, _ block: Buffer) -> Bool {
    guard crumbs.count > 1 else { return true }
    let values = crumbs.map { head.fields[$0].value }
    let length = values.reduce(0) { $0 + Int($1.count) + 2 }
    guard length + 10 <= block.writableCount else { return false }
    let start = block.count
    block.append("cookie: ")
    for (index, value) in values.enumerated() {
      if index > 0 { block.append("; ") }
      block.append(block.slice(value))
    }
    block.append("\r\n")
    let joined = Field(
      name: ByteRange(start..<start + 6), value: ByteRange(start + 8..<block.count - 2), id: .other)
    head.fields[crumbs[0]] = joined
    for index in crumbs.dropFirst().reversed() { head.fields.remove(at: index) }
    return true
  }
}
