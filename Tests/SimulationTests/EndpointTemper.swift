import Primitives

/// How an endpoint behaves for the time being, on all its connections.
final class EndpointTemper {
  enum Mood: CaseIterable {
    case well
    /// One request in ten ends badly, in one of the ways servers have.
    case fickle
    /// Connections are refused.
    case refusing
    /// Connections never stand.
    case silent
    /// Answers come seconds late, and piece by piece.
    case slow
    /// Most answers are 5xx.
    case erring
    /// Most answers are 429, or 503, and say when to come back.
    case limiting
    /// Requests are taken and not answered.
    case hanging
    /// Connections are closed soon after an answer, some with bytes that nobody asked for.
    case restless
    /// Connections are reset in the middle of anything.
    case resetting
    /// Half of the answers are framed as no server should, or are no HTTP.
    case odd
  }

  var mood: Mood

  init(_ mood: Mood) {
    self.mood = mood
  }

  var isFickle: Bool { mood == .fickle }
}
