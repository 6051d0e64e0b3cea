/// What was promised and did not come true.
struct PromiseBroken: Error {
  let promise: String
}
