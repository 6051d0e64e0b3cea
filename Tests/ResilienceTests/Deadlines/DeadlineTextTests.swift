import Primitives
import Resilience
import Testing

struct DeadlineTextTests {
  private func grpc(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    return DeadlineText.grpcNanoseconds(bytes.span)
  }

  private func milliseconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    return DeadlineText.millisecondsHeader(bytes.span)
  }

  private func written(_ write: ((UInt8) -> Void) -> Void) -> String {
    var bytes: [UInt8] = []
    write { bytes.append($0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func grpcUnitsAreRead() {
    let good: [(String, Int64)] = [
      ("1H", 3_600_000_000_000), ("2M", 120_000_000_000), ("3S", 3_000_000_000),
      ("4m", 4_000_000), ("5u", 5000), ("6n", 6), ("00000001n", 1),
      ("99999999S", 99_999_999 * 1_000_000_000),
      ("99999999H", .max), ("0S", 0),
    ]
    for (text, nanoseconds) in good { #expect(grpc(text) == nanoseconds, "\(text)") }
    for bad in [
      "", "S", "1", "1s", "1h", "123456789S", "-1S", "+1S", "1.5S", " 1S", "1S ", "1Sx", "١S",
    ] {
      #expect(grpc(bad) == nil, "\(bad)")
    }
  }

  @Test func millisecondsAreRead() {
    #expect(milliseconds("1") == 1_000_000 && milliseconds("015") == 15_000_000)
    #expect(milliseconds("999999999999999999") == .max)
    for bad in ["", "0", "000", "-1", "1.5", "1ms", "1000000000000000000", " 1"] {
      #expect(milliseconds(bad) == nil, "\(bad)")
    }
  }

  /// What is written is read back as no more than it was, and at most a part in 10^5 less: the
  /// finest unit that fits leaves six digits. 300,000 values.
  @Test func whatIsWrittenNeverGrows() {
    var random = RandomSource(seed: 17)
    var bytes: [UInt8] = []
    for _ in 0..<300_000 {
      let left = Int64(random.next() >> (1 + UInt64(random.below(63))))
      bytes.removeAll(keepingCapacity: true)
      DeadlineText.putGRPC(left) { bytes.append($0) }
      let back = DeadlineText.grpcNanoseconds(bytes.span) ?? -1
      if back > left || left - back > left / 100_000 + 1 { Issue.record("\(left) → \(back)") }
      let milliseconds = DeadlineText.milliseconds(left)
      if milliseconds != UInt64(max(1, left / 1_000_000)) {
        Issue.record("\(left) → \(milliseconds)")
      }
    }
  }

  @Test func theEndsAreWritten() {
    #expect(written { DeadlineText.putGRPC(0, $0) } == "0n")
    #expect(written { DeadlineText.putGRPC(-5, $0) } == "0n")
    #expect(written { DeadlineText.putGRPC(99_999_999, $0) } == "99999999n")
    #expect(written { DeadlineText.putGRPC(100_000_000, $0) } == "100000u")
    #expect(written { DeadlineText.putGRPC(.max, $0) } == "2562047H")
    #expect(DeadlineText.milliseconds(0) == 1)
    #expect(DeadlineText.milliseconds(-5) == 1)
    #expect(written { DeadlineText.putDecimal(.max, $0) } == "9223372036854775807")
  }
}
