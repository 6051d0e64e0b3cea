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

  /// The last chunk, the trailers that `trailers` appends, and the empty line; false, and nothing
  /// appended, when they do not fit.
  package static func appendEnd(to out: Buffer, trailers: (Buffer) -> Bool) -> Bool {
    let before = out.count
    guard HeadEncoder.append("0\r\n", to: out), trailers(out),
      HeadEncoder.append("\r\n", to: out)
    else {
      out.truncate(out.count - before)
      return false
    }
    return true
  }
}
