import Primitives

/// A rate limit that all workers and tasks share: one bucket for all, and one for each key.
///
/// Keys are bytes (an address, a header's value, an identity) and known by a keyed 128-bit hash. At
/// most `keysMax` are kept, in shards of equal size with a lock each; in a full shard the key that
/// was used least recently gives way (`BucketTable` says what that costs whom). Default 10,000
/// keys, 0.6 MB: the clients of one service in a mesh with room to spare.
/// Exact: a bucket is reached under one lock, however many threads ask.
/// Cost: one bucket 20 ns, a key about 60 ns; a new key may grow the table, up to `keysMax`.
public final class RateLimiter: Sendable {
  /// The rate of the one bucket and of each key's.
  public let policy: RateLimitPolicy
  /// What errors call it; empty: nothing.
  public let name: String
  private let single: Lock<TokenBucket>
  private let shards: [Lock<BucketTable>]
  private let seed: (UInt64, UInt64)
  private let timeline: Timeline

  /// - Parameters:
  ///   - name: what errors call it.
  ///   - policy: the rate.
  ///   - keysMax: how many keys are kept, 1...2^30.
  ///   - clock: what the rate is measured with; tests pass one that they turn by hand.
  public convenience init(
    name: String = "", policy: RateLimitPolicy, keysMax: Int = 10_000,
    clock: some Clock<Duration> = ContinuousClock()
  ) {
    var system = SystemRandomNumberGenerator()
    self.init(
      name: name, policy: policy, keysMax: keysMax, shardsMax: 8,
      seed: (system.next(), system.next()),
      timeline: Timeline(clock))
  }

  /// For the proxy and for simulations: the seed is given, times are passed in.
  package convenience init(
    policy: RateLimitPolicy, keysMax: Int = 10_000, shardsMax: Int = 8, random: inout RandomSource
  ) {
    self.init(
      name: "", policy: policy, keysMax: keysMax, shardsMax: shardsMax,
      seed: (random.next(), random.next()),
      timeline: Timeline(ContinuousClock()))
  }

  private init(
    name: String, policy: RateLimitPolicy, keysMax: Int, shardsMax: Int, seed: (UInt64, UInt64),
    timeline: Timeline
  ) {
    self.name = name
    self.policy = policy
    self.seed = seed
    self.timeline = timeline
    single = Lock(TokenBucket(policy, now: Instant(nanoseconds: .min)))
    let keysMax = min(max(1, keysMax), 1 << 30)
    // Small tables are not split: a shard of a few keys would evict while others are empty.
    let count = min(max(1, shardsMax), max(1, keysMax / 128))
    shards = (0..<count).map { index in
      Lock(BucketTable(keysMax: keysMax * (index + 1) / count - keysMax * index / count))
    }
  }

  /// Against the one bucket.
  package func admit(now: Instant) -> RateLimitVerdict {
    single.withLock { $0.admit(policy, now: now) }
  }

  /// Against the key's own bucket.
  package func admit(key: Span<UInt8>, now: Instant) -> RateLimitVerdict {
    let hash = SipHash.hash(key, seed: seed)
    let shard = Int(hash.1.multipliedFullWidth(by: UInt64(shards.count)).high)
    return shards[shard].withLock { $0.admit(hash, policy, now: now) }
  }

  /// Keys that are kept now, and those that had to give way so far.
  public var keys: (count: Int, evictions: UInt64) {
    shards.reduce((0, 0)) { sum, shard in
      let (count, evictions) = shard.withLock { ($0.count, $0.evictions) }
      return (sum.0 + count, sum.1 + evictions)
    }
  }

  // MARK: For services

  /// Whether one more request is within the rate, on the limiter's clock.
  public func tryAcquire() -> Bool { admit(now: timeline.now).isAdmitted }

  /// Whether one more of `key` is.
  public func tryAcquire(key: String) -> Bool { verdict(key: key).isAdmitted }

  private func verdict(key: String?) -> RateLimitVerdict {
    guard let key else { return admit(now: timeline.now) }
    return admit(key: key.utf8Span.span, now: timeline.now)
  }

  /// Runs `operation` if it is within the rate, of `key` where one is given.
  ///
  /// - Throws: `RateLimited`, and what `operation` throws.
  public nonisolated(nonsending) func run<Success>(
    key: String? = nil, operation: nonisolated(nonsending) () async throws -> Success
  ) async throws -> Success {
    if case .limited(let nanoseconds, _) = verdict(key: key) {
      throw RateLimited(name: name, retryAfter: .nanoseconds(nanoseconds))
    }
    return try await operation()
  }
}
