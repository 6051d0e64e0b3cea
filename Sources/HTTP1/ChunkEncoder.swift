import HTTPModel
import Primitives

/// Writes chunked framing (RFC 9112 §7.1); sizes come from the bytes held, never from what a peer
/// declared.
package enum ChunkEncoder {
  /// Bytes that the frame of one chunk of up to 64 KiB adds: five digits and two CRLF.
  package static let overheadMax = 9

  /// One chunk; false, and nothing appended, when it does not fit. Precondition: `payload` is not
  /// empty, since an empty chunk would end the body.
  package static func appendChunk(_ payload: Span<UInt8>, to out: Buffer) -> Bool {
    precondition(payload.count > 0, "an empty chunk ends the body")
    guard payload.count + overheadMax <= out.writableCount else { return false }
    out.append(hexadecimal: UInt64(payload.count))
    out.append("\r\n")
    out.append(payload)
    out.append("\r\n")
    return true
  }

  /// The last chunk, the decoder's trailers and the empty line. What was left out of the head is
  /// left out of the trailers: `omitted`, `others`, and what its `Connection` nominates (RFC 9110
  /// §7.6.1). Where that `nominatesOthers` the names are not at hand any more, so no trailer is
  /// sent on, which §6.5.1 allows.
  package static func appendEnd(
    trailersOf body: BodyDecoder, omitting omitted: FieldSet, others: [[UInt8]],
    nominatesOthers: Bool, to out: Buffer
  ) -> Bool {
    let before = out.count
    guard HeadEncoder.append("0\r\n", to: out),
      nominatesOthers || body.appendTrailers(omitting: omitted, others: others, to: out),
      HeadEncoder.append("\r\n", to: out)
    else {
      out.truncate(out.count - before)
      return false
    }
    return true
  }
}
