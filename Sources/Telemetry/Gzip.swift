import CZlib

/// Compresses a whole text as gzip (RFC 1952), by zlib.
///
/// Blocking and slow by a loop's measure: for Dispatch. Cost: some 10 ms a megabyte of metrics,
/// which become a tenth to a thirtieth of their size; 256 KiB while it runs.
@safe package enum Gzip {
  /// zlib's fastest: a scrape is read once, and the second level saves little more.
  private static let level: Int32 = 1

  /// Nil: zlib has no memory for it.
  package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = unsafe z_stream()
    // SAFETY: the stream is initialised here and ended below, once.
    guard unsafe weir_gzip_begin(&stream, level) == Z_OK else { return nil }
    defer { _ = unsafe deflateEnd(&stream) }
    let most = Int(unsafe deflateBound(&stream, UInt(bytes.count)))
    var input = bytes
    let inputCount = input.count
    let result = unsafe [UInt8](unsafeUninitializedCapacity: most) { output, count in
      // SAFETY: both blocks outlive the one call that reads and writes them, with their own counts;
      // zlib only reads the input. The bound is enough for all of it in one call.
      unsafe input.withUnsafeMutableBufferPointer { input in
        unsafe stream.next_in = input.baseAddress
        unsafe stream.avail_in = UInt32(inputCount)
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = UInt32(most)
        count = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END ? most - Int(stream.avail_out) : 0
      }
    }
    return result.isEmpty ? nil : result
  }
}
