import Primitives

extension PeerComparisonMachine {
  /// Calls and failures, each call fading with those that follow.
  struct Tally: Sendable {
    var calls = 0.0
    var failures = 0.0

    mutating func fade(_ factor: Double) {
      calls *= factor
      failures *= factor
    }

    mutating func add(_ isFailure: Bool, keeping kept: Double) {
      calls = calls * kept + 1
      failures = failures * kept + (isFailure ? 1 : 0)
    }
  }

  /// One endpoint's calls on a route, or the sum of all.
  struct Record: Sendable {
    var epoch = Int32.min
    var short = Tally()
    var long = Tally()

    mutating func add(_ other: Record) {
      short.calls += other.short.calls
      short.failures += other.short.failures
      long.calls += other.long.calls
      long.failures += other.long.failures
    }

    /// To a half for each epoch that has gone by: a power of two, so that the sum fades exactly as
    /// what it is made of.
    mutating func fade(to now: Int32) {
      // A worker's clock may be a little behind another's.
      guard now > epoch else { return }
      let factor = PeerComparisonMachine.fading(from: epoch, to: now)
      short.fade(factor)
      long.fade(factor)
      epoch = now
    }
  }

  /// An endpoint's calls of the last seconds, on all routes.
  struct Total: Sendable {
    private var epoch = Int32.min
    private var tally = Tally()

    var isFailing: Bool { tally.failures * 2 >= tally.calls }

    mutating func add(_ isFailure: Bool, _ instant: Instant) {
      let now = Int32(truncatingIfNeeded: instant.nanoseconds / totalHalfLifeNanoseconds)
      if now > epoch {
        tally.fade(PeerComparisonMachine.fading(from: epoch, to: now))
        epoch = now
      }
      tally.add(isFailure, keeping: 1)
    }
  }

  /// A half for each epoch.
  static func fading(from epoch: Int32, to now: Int32) -> Double {
    let gone = min(Int64(now) - Int64(epoch), 64)
    return gone == 64 ? 0 : 1 / Double(UInt64(1) << UInt64(gone))
  }

  struct Route: Sendable {
    private static let shortKept = 1 - 1 / 4.0
    private static let longKept = 1 - 1 / 32.0
    /// Below half a call nothing is known of peers.
    private static let callsMin = 0.5

    let key: UInt64
    private var records: [Record]
    private var sum = Record()

    var epoch: Int32 { sum.epoch }

    init(key: UInt64, endpointCount: Int) {
      self.key = key
      records = [Record](repeating: Record(), count: endpointCount)
    }

    /// The same for another list of endpoints: who has left leaves the sum, too.
    func following(_ origins: [Int32]) -> Route {
      var next = Route(key: key, endpointCount: origins.count)
      next.sum.epoch = sum.epoch
      for (place, origin) in origins.enumerated() where origin >= 0 {
        next.records[place] = records[Int(origin)]
        next.records[place].fade(to: sum.epoch)
        next.sum.add(next.records[place])
      }
      return next
    }

    mutating func fade(_ endpoint: Int, to epoch: Int32) {
      sum.fade(to: epoch)
      records[endpoint].fade(to: epoch)
    }

    mutating func add(_ endpoint: Int, isFailure: Bool) {
      let before = records[endpoint]
      records[endpoint].short.add(isFailure, keeping: Self.shortKept)
      records[endpoint].long.add(isFailure, keeping: Self.longKept)
      let after = records[endpoint]
      sum.short.calls += after.short.calls - before.short.calls
      sum.short.failures += after.short.failures - before.short.failures
      sum.long.calls += after.long.calls - before.long.calls
      sum.long.failures += after.long.failures - before.long.failures
    }

    /// The share of failures that all others had of late; nil: they had no calls.
    func shareOfPeers(_ endpoint: Int) -> Double? {
      guard let short = Self.share(sum.short, without: records[endpoint].short) else { return nil }
      return max(short, Self.share(sum.long, without: records[endpoint].long) ?? 0)
    }

    private static func share(_ sum: Tally, without own: Tally) -> Double? {
      let calls = sum.calls - own.calls
      guard calls >= callsMin else { return nil }
      // What is left of differences may be a little off.
      return min(max((sum.failures - own.failures) / calls, 0), 1)
    }
  }
}
