/// One entry of the timeline of faults: something begins or ends for some replicas.
struct Change: Sendable {
  enum Kind: Sendable {
    case kill, restart
    case pause, resume
    /// Nothing reaches it and nothing comes back; and the end of that.
    case cut, join
    /// Discovery takes it out of the sidecars' endpoints, and puts it back.
    case withdraw, announce
    /// Times its usual time.
    case slow(Double)
    /// Added to the share that is answered 500; below 0: its end.
    case errors(Double)
    case resets(Double)
  }

  /// Nanoseconds.
  var time: Int64
  var kind: Kind
  var replicas: [Int]
}
