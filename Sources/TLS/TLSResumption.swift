import COpenSSL

/// What a connection leaves for the next one to the same peer: a session ticket and what it stands for
/// (RFC 8446 §2.2).
@safe package final class TLSResumption {
  // SAFETY: this object's own reference, freed in deinit; sessions only read it.
  let pointer: OpaquePointer

  init(taking pointer: OpaquePointer) {
    unsafe self.pointer = pointer
  }

  deinit { unsafe SSL_SESSION_free(pointer) }

  var isUsable: Bool { unsafe SSL_SESSION_is_resumable(pointer) == 1 }
}
