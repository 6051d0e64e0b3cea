/// The sum of two times in nanoseconds that are not below 0: "never" stays never.
@inline(__always)
func saturatingSum(_ one: Int64, _ other: Int64) -> Int64 {
  let (sum, overflow) = one.addingReportingOverflow(other)
  return overflow ? .max : sum
}
