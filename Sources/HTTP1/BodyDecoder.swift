import HTTPModel
import Primitives

/// Finds a body's payload and its end, whatever its framing (RFC 9112 §6.3, §7.1).
///
/// ```
/// length:   payload(n) ── done             untilClose: payload ── (close) done
/// chunked:  size ─ blank* ─ extension* ─ LF ── data ─ CR ─ LF ──┐
///             └───────────────<────────────────────────────────┘
///             └ size 0 ── first trailer byte ── trailer line* ── empty line ── done
/// ```
///
/// Feeds on the caller's bytes at any split; `begin` makes it ready for the next body, so that one
/// serves a connection's requests in turn. Confinement: its owner's loop. Cost: linear; allocates
/// only for trailers.
package final class BodyDecoder {
  private enum State: Sendable {
    case payload
    case size
    /// Blanks behind the size.
    case sizeBlank
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

  package private(set) var framing = BodyFraming.none
  private var limits = BodyLimits()
  private var state = State.done
  /// Payload still to come, of the body or of the chunk.
  private var remaining: UInt64 = 0
  private var digits = 0
  private var extensionBytes = 0
  /// Bytes of size lines beyond what is usual, of the body so far: see `takeSizeLineEnd`.
  private var excessBytes = 0
  private var trailers: TrailerSection?

  package init() {}

  package convenience init(framing: BodyFraming, limits: BodyLimits = BodyLimits()) {
    self.init()
    begin(framing, limits)
  }

  /// Forgets the body before.
  package func begin(_ framing: BodyFraming, _ limits: BodyLimits) {
    self.framing = framing
    self.limits = limits
    digits = 0
    extensionBytes = 0
    excessBytes = 0
    if trailers != nil { trailers = nil }
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
    if case .chunked = framing { return state == .payload ? remaining : nil }
    return remaining
  }

  /// `count` payload bytes went by directly.
  package func received(_ count: Int) {
    precondition(state == .payload && UInt64(count) <= remaining, "more bytes than the body has")
    if !isUntilClose { remaining -= UInt64(count) }
    if remaining == 0 { state = .done }
  }

  /// The connection was closed by its peer. True: that completes the body.
  package func endOfInput() -> Bool {
    if isUntilClose { state = .done }
    return state == .done
  }

  private var isUntilClose: Bool {
    if case .untilClose = framing { true } else { false }
  }

  package var isChunked: Bool {
    if case .chunked = framing { true } else { false }
  }

  /// Appends the trailer lines, each with its CRLF, but what was left out of the head: `omitted`,
  /// `others`, as for `HeadEncoder.copyFields`, and what its `Connection` nominates (RFC 9110 §7.6.1).
  /// Where that `nominatesOthers` the names are not at hand any more, so no trailer is sent on, which
  /// §6.5.1 allows. False, and nothing appended: they do not fit.
  package func appendTrailers(
    omitting omitted: FieldSet, others: [[UInt8]], nominatesOthers: Bool, to out: Buffer
  ) -> Bool {
    guard let trailers, !nominatesOthers else { return true }
    return trailers.append(omitting: omitted, others: others, to: out)
  }

  /// One step at the front of `bytes`: framing to skip, then a run of payload. Call again behind
  /// it until the step is stuck or complete.
  package func decode(_ bytes: Span<UInt8>) throws(BodyFault) -> BodyStep {
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

  private func takePayload(_ count: Int, _ step: inout BodyStep) {
    step.payload = Int(min(UInt64(count - step.framing), remaining))
    if isUntilClose { return }
    remaining -= UInt64(step.payload)
    if remaining == 0 { state = state == .data ? .dataCR : .done }
  }

  private func takeFraming(_ byte: UInt8) throws(BodyFault) {
    switch state {
    case .size: try takeSize(byte)
    case .sizeBlank: try takeSizeEnd(byte, orElse: .badChunkExtension)
    case .chunkExtension: try takeExtension(byte)
    case .sizeLF:
      guard byte == 0x0A else { throw .badChunkSize }
      try takeSizeLineEnd()
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

  /// A size line may be 16 bytes and twice its data long for nothing; what is beyond that adds up
  /// over all chunks, and what others leave unused is taken off again. So an ordinary sender never
  /// meets the limit, however small its chunks, and nobody spends our time on extensions or zeros
  /// around little data. Source: Go's net/http, since CVE-2023-39326.
  private func takeSizeLineEnd() throws(BodyFault) {
    let line = digits + extensionBytes + 2
    let free = 16 + 2 * Int(min(remaining, UInt64(limits.chunkOverheadBytesMax)))
    excessBytes = max(excessBytes + line - free, 0)
    guard excessBytes <= limits.chunkOverheadBytesMax else { throw .chunkOverheadTooLarge }
    digits = 0
    extensionBytes = 0
    state = remaining == 0 ? .trailerStart : .data
  }

  private func takeSize(_ byte: UInt8) throws(BodyFault) {
    if let digit = Token.hexadecimalValue(byte) {
      // Below 2^60, so neither this nor a sum of sizes can wrap.
      guard digits < Token.numberDigitsMax, remaining < 1 << 56 else { throw .chunkSizeTooLarge }
      remaining = remaining << 4 | UInt64(digit)
      digits += 1
      return
    }
    guard digits > 0 else { throw .badChunkSize }
    try takeSizeEnd(byte, orElse: .badChunkSize)
  }

  /// Behind a size stand blanks, then `;` and an extension or the line's end: anything else could be
  /// more of the size to another reader. Blanks right before CRLF are not in the grammar (RFC 9112
  /// §7.1.1 has them before `;` only); they are let pass since servers that write a size ahead of
  /// its data pad it so (Apache 1.3), and nobody can read another size from them.
  private func takeSizeEnd(_ byte: UInt8, orElse fault: BodyFault) throws(BodyFault) {
    switch byte {
    case 0x0D: state = .sizeLF
    case 0x3B:
      state = .chunkExtension
      try countExtension()
    case 0x20, 0x09:
      state = .sizeBlank
      try countExtension()
    default: throw fault
    }
  }

  /// What an extension says is skipped (RFC 9112 §7.1.1: unrecognised ones are ignored).
  private func takeExtension(_ byte: UInt8) throws(BodyFault) {
    if byte == 0x0D {
      state = .sizeLF
      return
    }
    guard byte >= 0x20 || byte == 0x09, byte != 0x7F else { throw .badChunkExtension }
    try countExtension()
  }

  private func countExtension() throws(BodyFault) {
    extensionBytes += 1
    guard extensionBytes <= limits.chunkExtensionBytesMax else { throw .chunkExtensionTooLong }
  }

  private func takeTrailer(_ byte: UInt8) throws(BodyFault) {
    let section = trailers ?? TrailerSection()
    trailers = section
    if try section.take(byte, limits) { state = .trailerStart }
  }
}
