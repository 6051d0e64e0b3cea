/// Writes what a client may know of a limit: `RateLimit-Policy` and `RateLimit`.
///
/// Syntax: draft-ietf-httpapi-ratelimit-headers-10 §3 and §4, structured fields (RFC 9651): a quoted
/// name, `q` the quota and `w` its window in seconds; `r` what remains and `t` the seconds until it is
/// whole again. A token bucket of `burst` is a quota of `burst` in the time that fills it, so that r ≤ q
/// and t ≤ w always. `Retry-After` is `RateLimitVerdict.retryAfterSeconds` (RFC 9110 §10.2.3), and
/// never before `t` would allow it (same draft, §6.3). No allocation.
@usableFromInline package enum RateLimitFields {
  /// Printable ASCII but `"` and `\`, which a name must not need to escape.
  package static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
  }

  /// `"name";q=100;w=60`.
  @inlinable
  package static func putPolicy(
    _ policy: RateLimitPolicy, name: String, _ put: (UInt8) -> Void
  ) {
    putName(name, put)
    putParameter(UInt8(ascii: "q"), policy.burst, put)
    putParameter(
      UInt8(ascii: "w"), Int((policy.fillNanoseconds + 999_999_999) / 1_000_000_000), put)
  }

  /// `"name";r=50;t=30`.
  @inlinable
  package static func putState(
    _ verdict: RateLimitVerdict, name: String, _ put: (UInt8) -> Void
  ) {
    putName(name, put)
    switch verdict {
    case .admitted(let remaining, let seconds):
      putParameter(UInt8(ascii: "r"), remaining, put)
      putParameter(UInt8(ascii: "t"), seconds, put)
    case .limited(_, let seconds):
      putParameter(UInt8(ascii: "r"), 0, put)
      putParameter(UInt8(ascii: "t"), seconds, put)
    }
  }

  @usableFromInline
  static func putName(_ name: String, _ put: (UInt8) -> Void) {
    put(UInt8(ascii: "\""))
    for byte in name.utf8 { put(byte) }
    put(UInt8(ascii: "\""))
  }

  @usableFromInline
  static func putParameter(_ key: UInt8, _ value: Int, _ put: (UInt8) -> Void) {
    put(UInt8(ascii: ";"))
    put(key)
    put(UInt8(ascii: "="))
    DeadlineText.putDecimal(Int64(value), put)
  }
}
