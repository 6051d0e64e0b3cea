import DataPath
import Primitives

/// One attempt in plain language, on one line.
enum AttemptText {
  static func text(_ attempt: AttemptTrace, _ number: Int) -> String {
    let name = attempt.isHedge ? "hedge, beside a slow attempt," : "attempt \(number)"
    var parts = [
      "\(name) at \(SpokenTime.offset(attempt.askedAt)): \(attempt.endpoint), "
        + "picked because \(ExplainWords.reason(attempt.pick))"
    ]
    switch attempt.breaker {
    case .none, .passed: break
    case .probe: parts.append("a probe of its half-open circuit breaker")
    case .wouldRefuse: parts.append("its circuit breaker would have refused it (shadow)")
    }
    if let line = connection(attempt) { parts.append(line) }
    parts.append(ending(attempt))
    return parts.joined(separator: "; ")
  }

  private static func connection(_ attempt: AttemptTrace) -> String? {
    guard let sent = attempt.sentAt else { return nil }
    if let age = attempt.connectionAge {
      return "kept connection, \(SpokenTime.text(age)) old, request \(attempt.requestNumber) on it"
    }
    return "new connection after \(SpokenTime.text(sent - attempt.askedAt))"
  }

  private static func ending(_ attempt: AttemptTrace) -> String {
    let took = SpokenTime.text(attempt.endedAt - attempt.askedAt)
    switch attempt.ending {
    case .answered(let status):
      return
        "\(status) after \(SpokenTime.text((attempt.headAt ?? attempt.endedAt) - attempt.askedAt))"
    case .failed(let failure):
      let closing = ExplainWords.closing(failure).map { " (\($0))" } ?? ""
      return "\(failure.name)\(closing) after \(took)"
    case .abandoned: return "given up after \(took)"
    }
  }
}
