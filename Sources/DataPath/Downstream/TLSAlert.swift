import Primitives

/// What a client is answered that speaks TLS to a listener of plaintext.
enum TLSAlert {
  /// A fatal `handshake_failure`, which every version understands: type 21, version, two bytes,
  /// level 2, description 40 (RFC 8446 §6.2).
  static func append(to out: Buffer) {
    for byte: UInt8 in [21, 3, 1, 0, 2, 2, 40] { out.append(byte) }
  }
}
