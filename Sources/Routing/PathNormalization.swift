import Primitives

/// Makes a request's path one spelling of itself before it is matched and forwarded, once.
///
/// In this order: an escape of an unreserved character is decoded and the others' hex digits are in
/// upper case (RFC 3986 §6.2.2.1, §6.2.2.2); `.` and `..` segments are removed (§5.2.4), also when
/// they were escaped; runs of `/` become one (Envoy's merge_slashes). `%2F` between other characters
/// stays: a service that knows it means it. Refused: a bad escape, `%00`, a raw `\`, `..` above the
/// root, and what another reader would take for a dot segment or an empty one (`..;x`, `..%2F`,
/// `/%2Fadmin`, see `DisguisedSegments`) or for a separator (`%C0%AF`, see `OverlongEscapes`), which is
/// what path confusion attacks are made of: a route that denies `/admin` must also deny what the
/// service behind resolves to it. Other parameters (`/admin;x`) and escapes of escapes (`%252e`) stay,
/// as parts of a name; docs/routing.md lists what stays. A service that reads them otherwise is guarded
/// by a regular expression that says so.
package enum PathNormalization {
  package enum Outcome: Equatable, Sendable {
    /// The path stands as it was received.
    case unchanged
    /// What was appended to the output buffer is the path.
    case rewritten
    case refused
  }

  /// Cost: one vector scan for a path that is normal, else linear. Appends at most `path.count`
  /// bytes to `out`, which must have the room. `mergesSlashes`: false leaves runs of `/` as they are.
  package static func normalize(
    _ path: Span<UInt8>, mergesSlashes: Bool = true, into out: Buffer
  ) -> Outcome {
    if ByteScan.firstUnnormalized(in: path) == path.count { return .unchanged }
    let before = out.count
    guard decode(path, into: out), isPlain(out.readable.extracting(before..<out.count)),
      removeDotSegments(in: out, from: before, mergesSlashes: mergesSlashes)
    else {
      out.truncate(out.count - before)
      return .refused
    }
    return .rewritten
  }

  private static func isPlain(_ path: Span<UInt8>) -> Bool {
    !DisguisedSegments.occur(in: path) && !OverlongEscapes.occur(in: path)
  }

  private static func decode(_ path: Span<UInt8>, into out: Buffer) -> Bool {
    var index = 0
    while index < path.count {
      let byte = path[index]
      if byte == 0x5C { return false }
      guard byte == 0x25 else {
        out.append(byte)
        index += 1
        continue
      }
      guard index + 2 < path.count, let high = value(path[index + 1]),
        let low = value(path[index + 2])
      else { return false }
      let decoded = high << 4 | low
      if decoded == 0 { return false }
      if isUnreserved(decoded) {
        out.append(decoded)
      } else {
        out.append(0x25)
        out.append(digit(high))
        out.append(digit(low))
      }
      index += 3
    }
    return true
  }

  /// Rewrites the bytes of `out` behind `before` in place.
  private static func removeDotSegments(
    in out: Buffer, from before: Int, mergesSlashes: Bool
  ) -> Bool {
    var written = before
    var read = before
    let end = out.count
    // Each round takes "/" and the segment behind it.
    while read < end {
      var next = read + 1
      while next < end, out.readable[next] != 0x2F { next += 1 }
      let segment = next - read - 1
      let isLast = next == end
      let isDot = segment == 1 && out.readable[read + 1] == 0x2E
      let isDotDot =
        segment == 2 && out.readable[read + 1] == 0x2E && out.readable[read + 2] == 0x2E
      if isDotDot {
        guard written > before else { return false }
        repeat { written -= 1 } while out.readable[written] != 0x2F
      }
      if isDot || isDotDot || (segment == 0 && !isLast && mergesSlashes) {
        // What ends in a dot segment or in "/" names a directory.
        if isLast { written = put(0x2F, at: written, in: out) }
      } else {
        for index in read..<next { written = put(out.readable[index], at: written, in: out) }
      }
      read = next
    }
    out.truncate(end - written)
    return true
  }

  private static func put(_ byte: UInt8, at index: Int, in out: Buffer) -> Int {
    out.replace(at: index, with: byte)
    return index + 1
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2D || byte == 0x2E
      || byte == 0x5F || byte == 0x7E
  }

  private static func value(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  private static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? nibble + 0x30 : nibble + 0x37
  }
}
