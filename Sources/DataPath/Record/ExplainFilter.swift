/// Which of the exchanges that are kept a list of `/explain` shows.
package struct ExplainFilter: Sendable, Equatable {
  /// Those that ended in the last so many nanoseconds; nil: however long ago.
  package var sinceNanoseconds: Int64?
  /// The status that the client got lies in here; nil: any.
  package var statuses: ClosedRange<Int>?
  /// The route's name, or `listener/route`; nil: any, and those that no route took.
  package var route: String?

  package init(
    sinceNanoseconds: Int64? = nil, statuses: ClosedRange<Int>? = nil, route: String? = nil
  ) {
    self.sinceNanoseconds = sinceNanoseconds
    self.statuses = statuses
    self.route = route
  }

  /// `unixNanoseconds`: the time now, since 1970.
  package func takes(_ trace: ExchangeTrace, at unixNanoseconds: Int64) -> Bool {
    if let since = sinceNanoseconds,
      unixNanoseconds - (trace.beganAt + trace.duration) > since
    {
      return false
    }
    if let statuses, !statuses.contains(Int(trace.status)) { return false }
    guard let route else { return true }
    guard let name = trace.route else { return false }
    return route == name || route == "\(trace.listener)/\(name)"
  }
}
