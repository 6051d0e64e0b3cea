/// How a call went, as far as a policy counts it.
public enum Outcome: Sendable, Hashable {
  case success
  case failure
  /// Neither: the caller left, the service said "not now" (429), or it was refused on our side.
  case ignored
}
