import DataPath
import Foundation
import Primitives
import Resilience
import Upstreams
import WeirTesting

/// What must hold at the end of a run; empty: it does.
extension PolicyRun {
  var findings: [String] { journal.faults + mesh.held + stuck + unanswered + miscounted }

  /// Breakers that did not close, and endpoints that did not return, though all is well.
  private var stuck: [String] {
    var found: [String] = []
    // Who is asked late because of a delay on purpose has little time, and may fail for it.
    guard !policies.hasFaults else { return [] }
    let now = mesh.network.time
    if let breaker = policies.plan.policy?.breaker?.machine, isOpen(breaker) {
      found.append("the route's breaker is \(breaker.figures(now: now))")
    }
    for upstream in mesh.plan.upstreams {
      let state = upstream.state
      // A fallback is not used in the calm: what is open there has nobody to close it.
      let isUsed = upstream === mesh.plan.upstreams[0]
      if let breaker = state.breaker, isUsed ? isOpen(breaker) : !breaker.mayAdmit(now: now) {
        found.append("the breaker of \(upstream.name) is \(breaker.figures(now: now))")
      }
      for endpoint in state.endpoints {
        if let breaker = endpoint.breaker, !breaker.mayAdmit(now: now) {
          found.append("the breaker of \(endpoint.identity) is \(breaker.figures(now: now))")
        }
        if isUsed, endpoint.isEjected { found.append("\(endpoint.identity) is still ejected") }
      }
    }
    return found
  }

  private func isOpen(_ breaker: CircuitBreaker) -> Bool {
    let state = breaker.figures(now: mesh.network.time).underlying
    return state == .open || state == .halfOpen
  }

  /// The last requests, which nothing stands in the way of but what was configured to.
  private var unanswered: [String] {
    // Two that meet may be one too many; a limit adapts to the slowest of them.
    let allowed = [
      "rate_limited", "fault_injected", "requests_exceeded", "request_shed", "pending_overflow",
      "concurrency_limited",
    ]
    return journal.lines.filter { line in
      guard isLast(line) != nil else { return false }
      if line.hasPrefix("answered") || line.hasPrefix("seen") { return false }
      if line.hasPrefix("cut"), policies.hasFaults { return false }
      if !policies.isCalm, allowed.contains(where: { line.contains("\"\($0)") }) { return false }
      // What is delayed on purpose may be too late.
      if policies.hasFaults, line.contains("_timeout") { return false }
      return true
    }
  }

  /// Metrics against what clients and endpoints saw.
  private var miscounted: [String] {
    var found: [String] = []
    let counts = requestCounts
    let total = counts.values.reduce(0, +)
    let seen = journal.answeredCount + journal.failedCount
    let most = seen + journal.pendingCount
    if total < seen || total > most {
      found.append("\(total) requests were counted, \(seen) to \(most) were made")
    }
    for status in journal.statuses.keys.sorted() {
      let answers = journal.statuses[status] ?? 0
      let counted = counts[status] ?? 0
      if counted < answers || counted > answers + journal.pendingCount {
        found.append("\(counted) answers of \(status) were counted, \(answers) came")
      }
    }
    let attempts = sum("weir_upstream_attempts_total")
    if attempts < journal.sightingCount {
      found.append("\(attempts) attempts were counted, endpoints saw \(journal.sightingCount)")
    }
    return found
  }

  /// `weir_requests_total` by code.
  private var requestCounts: [Int: Int] {
    var counts: [Int: Int] = [:]
    for line in mesh.metrics.split(separator: "\n")
    where line.hasPrefix("weir_requests_total{") {
      guard let value = line.split(separator: " ").last.flatMap({ Int($0) }),
        let start = line.range(of: "code=\"")?.upperBound, let code = Int(line[start...].prefix(3))
      else { continue }
      counts[code, default: 0] += value
    }
    return counts
  }

  private func sum(_ family: String) -> Int {
    mesh.metrics.split(separator: "\n").filter { $0.hasPrefix(family + "{") }
      .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
  }
}
