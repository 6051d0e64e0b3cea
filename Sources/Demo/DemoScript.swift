/// What is done to the demo's services at which time, for demos without a keyboard.
///
/// ```
/// script = step *( ";" step )
/// step   = "at" seconds ( "kill" | "slow" | "fail" | "force" ) target
///        | "at" seconds "heal" [ target ]
/// target = service [ "/" number of the endpoint, from 0 ]
/// ```
package struct DemoScript: Sendable {
  struct Step: Equatable, Sendable {
    /// After the start, in milliseconds.
    var milliseconds: Int
    var action: DemoAction
  }

  package struct Fault: Error, CustomStringConvertible {
    package var description: String
  }

  /// Earliest first; of the same time, in the order they were written.
  let steps: [Step]

  /// Nothing is done.
  package init() {
    steps = []
  }

  /// `seconds`: after which the demo ends, if it does.
  package init(_ text: String, within seconds: Int? = nil) throws(Fault) {
    var steps: [Step] = []
    for part in text.split(separator: ";") {
      let words = part.split(whereSeparator: \.isWhitespace).map(String.init)
      if !words.isEmpty { steps.append(try Self.step(words)) }
    }
    // A stable sort: Swift's own does not promise to be one.
    self.steps = steps.enumerated().sorted {
      ($0.element.milliseconds, $0.offset) < ($1.element.milliseconds, $1.offset)
    }.map(\.element)
    if let seconds, let last = self.steps.last, last.milliseconds > seconds * 1000 {
      throw Fault(description: "'\(last.action.text)' comes after the end that --for sets")
    }
  }

  private static func step(_ words: [String]) throws(Fault) -> Step {
    let step = words.joined(separator: " ")
    guard words.count >= 3, words[0] == "at", let milliseconds = milliseconds(words[1]) else {
      throw Fault(description: "'\(step)' must begin with a time, as in 'at 3s kill dispense/0'")
    }
    guard words.count == 4 || (words.count == 3 && words[2] == "heal") else {
      throw Fault(description: "'\(step)' must name one service, and may name its endpoint")
    }
    var action = DemoAction(verb: try verb(words[2]))
    if words.count == 4 { (action.service, action.endpoint) = try target(words[3]) }
    return Step(milliseconds: milliseconds, action: action)
  }

  private static func verb(_ word: String) throws(Fault) -> DemoAction.Verb {
    if word == "heal" { return .heal }
    guard let ill = DemoIlls.words.first(where: { $0.verb == word })?.ill else {
      let verbs = DemoIlls.words.map(\.verb).joined(separator: ", ")
      throw Fault(description: "'\(word)' must be one of \(verbs), heal")
    }
    return .inflict(ill)
  }

  private static func target(_ word: String) throws(Fault) -> (service: Int, endpoint: Int?) {
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    guard let service = DemoPlatform.services.firstIndex(where: { $0.name == parts[0] }) else {
      let names = DemoPlatform.services.map(\.name).joined(separator: ", ")
      throw Fault(description: "there is no service \(parts[0]); there are \(names)")
    }
    guard parts.count > 1 else { return (service, nil) }
    let last = DemoPlatform.endpointCount - 1
    guard parts.count == 2, let number = (0...last).first(where: { "\($0)" == parts[1] })
    else {
      throw Fault(description: "the endpoint of '\(word)' must be a number from 0 to \(last)")
    }
    return (service, number)
  }

  /// `3s`, `2.5s` or `500ms`, up to a day.
  private static func milliseconds(_ word: String) -> Int? {
    let isMilliseconds = word.hasSuffix("ms")
    guard word.hasSuffix("s"), let number = Double(word.dropLast(isMilliseconds ? 2 : 1)) else {
      return nil
    }
    let scaled = isMilliseconds ? number : number * 1000
    return (0...86_400_000).contains(scaled) ? Int(scaled) : nil
  }
}
