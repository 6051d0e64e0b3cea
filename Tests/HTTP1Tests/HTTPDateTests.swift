import HTTP1
import HTTPModel
import Testing

struct HTTPDateTests {
  /// 1994-11-06T08:49:37Z, and 2026-11-26 for the century.
  private static let now: Int64 = 1_795_651_200

  private func read(_ text: String, now: Int64 = now) -> Int64? {
    HTTPDate.unixSeconds(text.utf8Span.span, now: now)
  }

  /// RFC 9110 §5.6.7 has these three.
  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
  ]) func allThreeForms(_ text: String) {
    #expect(read(text) == 784_111_777)
  }

  @Test func daysAreCounted() {
    #expect(read("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    #expect(read("Thu, 29 Feb 2024 23:59:59 GMT") == 1_709_251_199)
    #expect(read("Fri, 01 Mar 2024 00:00:00 GMT") == 1_709_251_200)
    #expect(read("Fri, 31 Dec 9999 23:59:59 GMT") == 253_402_300_799)
    #expect(read("Sat, 31 Dec 2016 23:59:60 GMT") == 1_483_228_800)
    #expect(read("Wed Feb 28 12:00:00 2001") == 983_361_600)
    // Fifty years ahead at most.
    #expect(read("Friday, 01-Jan-76 00:00:00 GMT") == 3_345_062_400)
    #expect(read("Saturday, 01-Jan-77 00:00:00 GMT") == 220_924_800)
  }

  @Test(arguments: [
    "", ",", "Sun, ", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 EST",
    "Sun, 31 Nov 1994 08:49:37 GMT", "Thu, 29 Feb 2023 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08.49.37 GMT", "Sunday, 06 Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 94", "Sun Nov 06  8:49:37 1994", "1994-11-06T08:49:37Z",
    "-1", "3 seconds",
  ]) func nothingElse(_ text: String) {
    #expect(read(text) == nil)
  }
}
