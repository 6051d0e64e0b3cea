import HTTPModel
import Primitives

/// Finds a body's payload and its end, whatever its framing (RFC 9112 §6.3, §7.1).
///
/// ```
/// length:   payload(n) ── done             untilClose: payload ── (close) done
/// chunked:  size ─ extension* ─ LF ── data ─ CR ─ LF ──┐
///             └───────────────<───────────────────────┘
///             └ size 0 ── first trailer byte ── trailer line* ── empty line ── done
/// ```
///
/// A value; feeds on the caller's bytes at any split. Cost: linear; allocates only for trailers.
package struct BodyDecoder: Sendable {
  private enum State: Sendable {
    case payload
    case size
    case chunkExtension
    case sizeLF
    case data
    case dataCR
    case dataLF
    case trailerStart
    case trailerLine
    case finalLF
    case done
  }

  package let framing: BodyFraming
  private let limits: BodyLimits
  private var state: State
  /// Payload still to come, of the body or of the chunk.
  private var remaining: UInt64
  private var digits = 0
  private var extensionBytes = 0
  private var trailers: TrailerSection?

  package init(framing: BodyFraming, limits: BodyLimits = BodyLimits()) {
    self.framing = framing
    self.limits = limits
    switch framing {
    case .none:
      state = .done
      remaining = 0
    case .length(let length):
      state = length == 0 ? .done : .payload
      remaining = length
    case .chunked:
      state = .size
      remaining = 0
    case .untilClose:
      state = .payload
      remaining = .max
    }
  }

  package var isComplete: Bool { state == .done }

  /// Payload to come that may be received past this decoder (see `received`); nil where chunk
  /// framing stands between.
  package var directBytes: UInt64? {
    state == .payload || framing != .chunked ? remaining : nil
  }

  /// `count` payload bytes went by directly.
  package mutating func received(_ count: Int) {
    precondition(state == .payload && UInt64(count) <= remaining, "more bytes than the body has")
    if framing != .untilClose { remaining -= UInt64(count) }
    if remaining == 0 { state = .done }
  }

  /// The connection was closed by its peer. True: that completes the body.
  package mutating func endOfInput() -> Bool {
    if framing == .untilClose { state = .done }
    return state == .done
  }

  package var hasTrailers: Bool { trailers?.isEmpty == false }

  /// Appends the trailer lines, each with its CRLF; false, and nothing appended, if they do not fit.
  package func appendTrailers(to out: Buffer) -> Bool {
    guard let trailers else { return true }
    guard trailers.bytes.count <= out.writableCount else { return false }
    out.append(trailers.bytes)
    return true
  }

  /// One step at the front of `bytes`: framing to skip, then a run of payload. Call again behind
  /// it until the step is stuck or complete.
  package mutating func decode(_ bytes: Span<UInt8>) throws(BodyFault) -> BodyStep {
    var step = BodyStep()
    while step.payload == 0, !step.isComplete, step.framing < bytes.count || state == .done {
      switch state {
      case .done: step.isComplete = true
      case .payload, .data: takePayload(bytes.count, &step)
      default:
        try takeFraming(bytes[step.framing])
        step.framing += 1
      }
    }
    step.isComplete = state == .done
    return step
  }

  private mutating func takePayload(_ count: Int, _ step: inout BodyStep) {
    step.payload = Int(min(UInt64(count - step.framing), remaining))
    guard framing != .untilClose else { return }
    remaining -= UInt64(step.payload)
    if remaining == 0 { state = state == .data ? .dataCR : .done }
  }

  private mutating func takeFraming(_ byte: UInt8) throws(BodyFault) {
    switch state {
    case .size: try takeSize(byte)
    case .chunkExtension: try takeExtension(byte)
    case .sizeLF:
      guard byte == 0x0A else { throw .badChunkSize }
      digits = 0
      extensionBytes = 0
      state = remaining == 0 ? .trailerStart : .data
    case .dataCR:
      guard byte == 0x0D else { throw .badChunkEnd }
      state = .dataLF
    case .dataLF:
      guard byte == 0x0A else { throw .badChunkEnd }
      state = .size
    case .trailerStart:
      state = byte == 0x0D ? .finalLF : .trailerLine
      if byte != 0x0D { try takeTrailer(byte) }
    case .trailerLine: try takeTrailer(byte)
    default:
      guard byte == 0x0A else { throw .badTrailer }
      state = .done
    }
  }

  private mutating func takeSize(_ byte: UInt8) throws(BodyFault) {
    if let digit = Token.hexadecimalValue(byte) {
      // 15 digits stay below 2^60, so neither this nor a sum of sizes can wrap.
      guard digits < 15 else { throw .chunkSizeTooLarge }
      remaining = remaining << 4 | UInt64(digit)
      digits += 1
      return
    }
    guard digits > 0 else { throw .badChunkSize }
    switch byte {
    case 0x0D: state = .sizeLF
    case 0x3B, 0x20, 0x09:
      extensionBytes = 1
      state = .chunkExtension
    default: throw .badChunkSize
    }
  }

  private mutating func takeExtension(_ byte: UInt8) throws(BodyFault) {
    if byte == 0x0D {
      state = .sizeLF
      return
    }
    guard byte >= 0x20 || byte == 0x09, byte != 0x7F else { throw .badChunkExtension }
    extensionBytes += 1
    guard extensionBytes <= limits.chunkExtensionBytesMax else { throw .chunkExtensionTooLong }
  }

  private mutating func takeTrailer(_ byte: UInt8) throws(BodyFault) {
    let section = trailers ?? TrailerSection()
    trailers = section
    if try section.take(byte, limits) { state = .trailerStart }
  }
}
