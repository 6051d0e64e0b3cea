import Primitives
import Resilience
import Synchronization
import Testing

struct RateLimiterTests {
  private let policy = RateLimitPolicy(requests: 10, burst: 3)

  /// The reference is an array in the order of use, each key with a bucket of its own. 5 seeds ×
  /// 40,000 events; the array is what is slow.
  @Test(arguments: Seeds.all) func keysAgreeWithAnArray(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let keysMax = 1 + Int(random.below(60))
    let limiter = RateLimiter(policy: policy, keysMax: keysMax, shardsMax: 1, random: &random)
    var kept: [(key: UInt32, bucket: TokenBucket)] = []
    var evictions: UInt64 = 0
    var now = Instant(nanoseconds: 0)
    for event in 0..<40_000 {
      now = now.advanced(byNanoseconds: Int64(random.below(10_000_000)))
      let key = random.below(random.below(4) == 0 ? 200 : 40)
      var entry = (key: key, bucket: TokenBucket(policy, now: now))
      if let index = kept.firstIndex(where: { $0.key == key }) {
        entry = kept.remove(at: index)
      } else if kept.count == keysMax {
        kept.removeFirst()
        evictions += 1
      }
      let expected = entry.bucket.admit(policy, now: now)
      kept.append(entry)
      let text = Array("key-\(key)".utf8)
      let verdict = limiter.admit(key: text.span, now: now)
      #expect(verdict == expected, "seed \(seed) event \(event)")
      #expect(limiter.keys == (kept.count, evictions), "seed \(seed) event \(event)")
    }
  }

  @Test func shardsTogetherKeepToTheBound() {
    var random = RandomSource(seed: 1)
    let limiter = RateLimiter(policy: policy, keysMax: 1003, shardsMax: 7, random: &random)
    for key in 0..<20_000 {
      let text = Array("\(key)".utf8)
      #expect(limiter.admit(key: text.span, now: Instant(nanoseconds: 0)).isAdmitted)
    }
    #expect(limiter.keys == (1003, 18_997))
  }

  @Test func aKeyIsKnownByItsBytesAlone() {
    var random = RandomSource(seed: 1)
    let limiter = RateLimiter(policy: RateLimitPolicy(requests: 1, burst: 1), random: &random)
    var texts: [[UInt8]] = [[]]
    for length in 1...40 {
      texts.append(Array(repeating: 0, count: length))
      texts.append(Array(repeating: 0, count: length - 1) + [1])
    }
    let now = Instant(nanoseconds: 0)
    for text in texts { #expect(limiter.admit(key: text.span, now: now).isAdmitted) }
    for text in texts { #expect(!limiter.admit(key: text.span, now: now).isAdmitted) }
    #expect(limiter.admit(now: now).isAdmitted)
  }

  @Test func twoThreadsTakeNoMoreThanTheBurst() async {
    var random = RandomSource(seed: 1)
    let limiter = RateLimiter(
      policy: RateLimitPolicy(requests: 1000, burst: 1000), random: &random)
    let admitted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<2 {
        group.addTask {
          let key = Array("key".utf8)
          var count = 0
          for step in 0..<50_000 {
            // The clock stands still in the first half and gives 1000 in the second.
            let now = Instant(nanoseconds: step < 25_000 ? 0 : 1_000_000_000)
            if limiter.admit(now: now).isAdmitted { count += 1 }
            if limiter.admit(key: key.span, now: now).isAdmitted { count += 1 }
          }
          return count
        }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == 4000)
  }

  private func text(_ write: ((UInt8) -> Void) -> Void) -> String {
    var bytes: [UInt8] = []
    write { bytes.append($0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func fieldsAreThoseOfTheDraft() {
    let policy = RateLimitPolicy(requests: 100, per: .seconds(60), burst: 20)
    var bucket = TokenBucket(policy, now: Instant(nanoseconds: 0))
    var verdict = bucket.admit(policy, now: Instant(nanoseconds: 0))
    #expect(text { RateLimitFields.putPolicy(policy, name: "fhir", $0) } == "\"fhir\";q=20;w=12")
    #expect(text { RateLimitFields.putState(verdict, name: "fhir", $0) } == "\"fhir\";r=19;t=1")
    for _ in 0..<20 { verdict = bucket.admit(policy, now: Instant(nanoseconds: 0)) }
    #expect(text { RateLimitFields.putState(verdict, name: "fhir", $0) } == "\"fhir\";r=0;t=12")
    #expect(verdict == .limited(retryAfterNanoseconds: 600_000_000, resetSeconds: 12))
    #expect(verdict.retryAfterSeconds == 1)
    #expect(RateLimitFields.isName("per source 1"))
    for bad in ["", "a\"", "a\\", "é", "a\n"] { #expect(!RateLimitFields.isName(bad)) }
  }
}
