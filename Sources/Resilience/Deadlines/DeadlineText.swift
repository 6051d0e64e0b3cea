/// The two ways in which a deadline is written in a header field, read and written without
/// allocation.
///
/// Both carry what is left, not a point in time, so that clocks need not agree; the way over the
/// network is the sender's loss. Cost: a few nanoseconds a digit.
@usableFromInline package enum DeadlineText {
  /// The value of `grpc-timeout` in nanoseconds: one to eight digits and a unit of H, M, S, m, u, n
  /// (gRPC over HTTP/2, Requests). Nil: malformed. Hours that exceed 292 years are held there.
  package static func grpcNanoseconds(_ text: Span<UInt8>) -> Int64? {
    guard text.count >= 2, text.count <= 9, let scale = scale(text[text.count - 1]),
      let value = digits(text, count: text.count - 1)
    else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: scale)
    return overflow ? .max : product
  }

  /// The value of `x-envoy-expected-rq-timeout-ms` in nanoseconds: digits only. Nil: malformed, or 0,
  /// which means that there is no timeout (Envoy, router filter).
  package static func millisecondsHeader(_ text: Span<UInt8>) -> Int64? {
    guard text.count >= 1, text.count <= 18, let value = digits(text, count: text.count),
      value > 0
    else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
    return overflow ? .max : product
  }

  private static func scale(_ unit: UInt8) -> Int64? {
    switch unit {
    case UInt8(ascii: "H"): 3_600_000_000_000
    case UInt8(ascii: "M"): 60_000_000_000
    case UInt8(ascii: "S"): 1_000_000_000
    case UInt8(ascii: "m"): 1_000_000
    case UInt8(ascii: "u"): 1000
    case UInt8(ascii: "n"): 1
    default: nil
    }
  }

  private static func digits(_ text: Span<UInt8>, count: Int) -> Int64? {
    var value: Int64 = 0
    for index in 0..<count {
      let digit = text[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int64(digit)
    }
    return value
  }

  /// What is left as `grpc-timeout`, in the finest unit that fits into eight digits, rounded down:
  /// who gets it never has more time than we. At most 9 bytes.
  @inlinable
  package static func putGRPC(_ nanoseconds: Int64, _ put: (UInt8) -> Void) {
    let units: [6 of (scale: Int64, name: UInt8)] = [
      (1, UInt8(ascii: "n")), (1000, UInt8(ascii: "u")), (1_000_000, UInt8(ascii: "m")),
      (1_000_000_000, UInt8(ascii: "S")), (60_000_000_000, UInt8(ascii: "M")),
      (3_600_000_000_000, UInt8(ascii: "H")),
    ]
    let left = max(0, nanoseconds)
    for index in units.indices where left / units[index].scale < 100_000_000 {
      putDecimal(left / units[index].scale, put)
      put(units[index].name)
      return
    }
  }

  /// What is left as `x-envoy-expected-rq-timeout-ms`, rounded down but at least 1: 0 would lift the
  /// timeout.
  @inlinable
  package static func milliseconds(_ nanoseconds: Int64) -> UInt64 {
    UInt64(max(1, nanoseconds / 1_000_000))
  }

  /// Precondition: `number` ≥ 0.
  @inlinable
  package static func putDecimal(_ number: Int64, _ put: (UInt8) -> Void) {
    var scale: Int64 = 1
    while number / scale >= 10 { scale *= 10 }
    while scale > 0 {
      put(UInt8(truncatingIfNeeded: number / scale % 10) &+ UInt8(ascii: "0"))
      scale /= 10
    }
  }
}
