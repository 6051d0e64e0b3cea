import CPCRE2
import Primitives

/// A compiled regular expression over bytes, by PCRE2, anchored at both ends.
///
/// Bounded (pcre2_set_match_limit(3)), so that no path can make a pattern spend a worker's time. A
/// match that runs into a bound is given up, which is neither a match nor none: what asked must
/// not go on as if the pattern had said no. Confinement: one loop, since the scratch memory is the
/// expression's. Cost: no allocation in compiled code, which all but the rarest patterns become.
@safe final class Regex {
  struct Fault: Error {
    var message: String
  }

  enum Outcome {
    case matched, unmatched
    /// A bound was met, or the pattern failed in itself.
    case gaveUp
  }

  /// Backtracking steps of one match. Measured on patterns that backtrack for ever: a match that
  /// takes all of them took 0.1 to 1.5 ms compiled and 2 ms interpreted, and is a request's last.
  static let stepsMax: UInt32 = 100_000
  /// Nested backtracking points and their memory, where the pattern is interpreted. Compiled code
  /// heeds neither: it has a stack of 32 KiB (pcre2jit(3)) and gives up where that is full, which
  /// a repeated group of alternatives, as in `(a|b)*`, does on a path of some KiB.
  static let depthMax: UInt32 = 250
  static let heapKiBMax: UInt32 = 256

  // SAFETY: all three are made in init, freed in deinit and used by this object's loop only.
  private let code: OpaquePointer
  private let scratch: OpaquePointer
  private let limits: OpaquePointer

  init(_ pattern: String) throws(Fault) {
    var error: Int32 = 0
    var offset = 0
    let options =
      PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_BACKSLASH_C
    let bytes = Array(pattern.utf8)
    let compiled = unsafe bytes.withUnsafeBufferPointer { buffer in
      // SAFETY: the pattern outlives the call, which copies what it keeps.
      unsafe pcre2_compile_8(
        buffer.baseAddress, buffer.count, UInt32(bitPattern: Int32(truncatingIfNeeded: options)),
        &error, &offset, nil)
    }
    guard let compiled = unsafe compiled else {
      throw Fault(message: "\(Self.message(error)) at offset \(offset)")
    }
    guard let data = unsafe pcre2_match_data_create_8(1, nil),
      let context = unsafe pcre2_match_context_create_8(nil)
    else { throw Fault(message: "no memory for the expression") }
    unsafe code = compiled
    unsafe scratch = data
    unsafe limits = context
    // An expression that the just-in-time compiler cannot take is interpreted.
    _ = unsafe pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE))
    unsafe pcre2_set_match_limit_8(context, Self.stepsMax)
    unsafe pcre2_set_depth_limit_8(context, Self.depthMax)
    unsafe pcre2_set_heap_limit_8(context, Self.heapKiBMax)
  }

  deinit {
    unsafe pcre2_match_context_free_8(limits)
    unsafe pcre2_match_data_free_8(scratch)
    unsafe pcre2_code_free_8(code)
  }

  func match(_ subject: Span<UInt8>) -> Outcome {
    let result = unsafe subject.withUnsafeBufferPointer { buffer in
      // SAFETY: the subject outlives the call; PCRE2 takes nil only with length 0.
      unsafe pcre2_match_8(code, buffer.baseAddress, buffer.count, 0, 0, scratch, limits)
    }
    if result >= 0 { return .matched }
    return result == PCRE2_ERROR_NOMATCH ? .unmatched : .gaveUp
  }

  private static func message(_ error: Int32) -> String {
    var text = [UInt8](repeating: 0, count: 256)
    let count = unsafe text.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: writes at most the buffer's count, NUL included.
      unsafe pcre2_get_error_message_8(error, buffer.baseAddress, buffer.count)
    }
    return count > 0 ? String(decoding: text[0..<Int(count)], as: UTF8.self) : "error \(error)"
  }
}
