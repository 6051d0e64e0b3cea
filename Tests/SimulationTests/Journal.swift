/// What happened in one run, and what must not have.
final class Journal {
  private(set) var faults: [String] = []
  private(set) var answeredCount = 0
  private(set) var failedCount = 0
  private(set) var cutCount = 0
  /// Requests whose clients went, or were cut off, before they had their answers: Weir has begun some
  /// of them.
  private(set) var pendingCount = 0
  /// Answers by status.
  private(set) var statuses: [Int: Int] = [:]
  /// How many endpoints' connections saw a request's head.
  private var sightings: [String: Int] = [:]
  /// How often endpoints may see a request that is not idempotent, and one that is.
  var sightingsMax: (_ id: String, _ isIdempotent: Bool) -> Int = { $1 ? 2 : 1 }
  /// Everything in its order: equal for equal seeds.
  private(set) var lines: [String] = []

  func fault(_ text: String) {
    faults.append(text)
    lines.append(text)
  }

  /// Heads that endpoints saw, over all requests.
  var sightingCount: Int { sightings.values.reduce(0, +) }

  func seen(_ id: String, method: String, by endpoint: String = "") {
    let count = (sightings[id] ?? 0) + 1
    sightings[id] = count
    lines.append("seen \(id) \(endpoint)")
    // Rule 6 of ARCHITECTURE.md: what is not idempotent reaches an endpoint once, whatever fails.
    if count > sightingsMax(id, method != "POST") {
      fault("\(method) \(id) was sent \(count) times")
    }
  }

  func answered(_ id: String) {
    answeredCount += 1
    statuses[200, default: 0] += 1
    lines.append("answered \(id)")
  }

  func failed(_ id: String, _ status: String) {
    failedCount += 1
    statuses[Int(status.dropFirst(9).prefix(3)) ?? 0, default: 0] += 1
    lines.append("failed \(id) \(status)")
  }

  func cut(_ id: String, pending: Int) {
    cutCount += 1
    pendingCount += pending
    lines.append("cut \(id)")
  }

  func left(_ id: String, pending: Int) {
    pendingCount += pending
    lines.append("left \(id)")
  }
}
