/// What happened in one run, and what must not have.
final class Journal {
  private(set) var faults: [String] = []
  private(set) var answeredCount = 0
  private(set) var failedCount = 0
  private(set) var cutCount = 0
  /// How many endpoints' connections saw a request's head.
  private var sightings: [String: Int] = [:]
  /// Everything in its order: equal for equal seeds.
  private(set) var lines: [String] = []

  func fault(_ text: String) {
    faults.append(text)
    lines.append(text)
  }

  func seen(_ id: String, method: String) {
    let count = (sightings[id] ?? 0) + 1
    sightings[id] = count
    lines.append("seen \(id)")
    // Design rule 6: what is not idempotent reaches an endpoint once, whatever fails.
    if count > (method == "POST" ? 1 : 2) { fault("\(method) \(id) was sent \(count) times") }
  }

  func answered(_ id: String) {
    answeredCount += 1
    lines.append("answered \(id)")
  }

  func failed(_ id: String, _ status: String) {
    failedCount += 1
    lines.append("failed \(id) \(status)")
  }

  func cut(_ id: String) {
    cutCount += 1
    lines.append("cut \(id)")
  }
}
