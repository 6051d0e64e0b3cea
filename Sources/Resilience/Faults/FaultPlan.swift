import Primitives

/// Which part of the requests is delayed, aborted, reset or throttled, on purpose.
///
/// Why: what a service does when its neighbour is slow or gone is known only when it was tried.
/// Each fault is drawn by its own share, independently of the others, as Envoy's fault filter does;
/// a request that draws both ends is aborted. Always four draws, so that changing one share does not
/// change what a seed does with the others. Defaults: none of anything. Pure; cost: four draws.
package struct FaultPlan: Sendable, Hashable {
  package var delay: Duration { .nanoseconds(delayNanoseconds) }
  package var delayShare: Share
  package var abortStatus: UInt16
  package var abortShare: Share
  package var resetShare: Share
  /// At least 1.
  package var bytesPerSecond: UInt64
  package var bandwidthShare: Share
  @usableFromInline let delayNanoseconds: Int64

  package init(
    delay: Duration = .zero, delayShare: Share = .zero, abortStatus: UInt16 = 503,
    abortShare: Share = .zero, resetShare: Share = .zero, bytesPerSecond: UInt64 = 1,
    bandwidthShare: Share = .zero
  ) {
    delayNanoseconds = max(0, delay.nanosecondsClamped)
    self.delayShare = delayShare
    self.abortStatus = abortStatus
    self.abortShare = abortShare
    self.resetShare = resetShare
    self.bytesPerSecond = max(1, bytesPerSecond)
    self.bandwidthShare = bandwidthShare
  }

  package func decide(random: inout RandomSource) -> Fault {
    let isDelayed = Self.isHit(delayShare, &random)
    let isAborted = Self.isHit(abortShare, &random)
    let isReset = Self.isHit(resetShare, &random)
    let isThrottled = Self.isHit(bandwidthShare, &random)
    return Fault(
      delayNanoseconds: isDelayed ? delayNanoseconds : 0,
      ending: isAborted ? .abort(status: abortStatus) : isReset ? .reset : .none,
      bytesPerSecond: isThrottled ? bytesPerSecond : nil)
  }

  private static func isHit(_ share: Share, _ random: inout RandomSource) -> Bool {
    random.below(10_000) < UInt32(share.basisPoints)
  }
}
