/// The bytes of one direction on their way through a relay: which may leave, and when the next may.
///
/// A value without a clock. Holds at most `bytesMax` and what one more receive brings, so a delay
/// also bounds the throughput: 256 KiB each delay.
struct RelayLane {
  static let bytesMax = 256 * 1024

  private struct Piece {
    var cameAt: ContinuousClock.Instant
    var bytes: ArraySlice<UInt8>
  }

  private var pieces: [Piece] = []
  private var count = 0
  private var freeAt: ContinuousClock.Instant?
  /// When its sender ended the stream.
  private(set) var endedAt: ContinuousClock.Instant?

  var hasRoom: Bool { count < Self.bytesMax && endedAt == nil }

  mutating func take(_ bytes: [UInt8], now: ContinuousClock.Instant) {
    pieces.append(Piece(cameAt: now, bytes: bytes[...]))
    count += bytes.count
  }

  mutating func end(now: ContinuousClock.Instant) { endedAt = now }

  /// What may leave now; empty: nothing.
  func leaving(_ flow: RelayFlow, now: ContinuousClock.Instant) -> ArraySlice<UInt8> {
    guard let piece = pieces.first, let time = wakesAt(flow), time <= now else { return [] }
    guard let rate = flow.bytesPerSecond else { return piece.bytes }
    return piece.bytes.prefix(max(1, rate / 100))
  }

  mutating func leave(_ sent: Int, _ flow: RelayFlow, now: ContinuousClock.Instant) {
    pieces[0].bytes = pieces[0].bytes.dropFirst(sent)
    count -= sent
    if pieces[0].bytes.isEmpty { pieces.removeFirst() }
    guard let rate = flow.bytesPerSecond else {
      freeAt = nil
      return
    }
    let nanoseconds = Double(sent) / Double(max(1, rate)) * 1_000_000_000
    freeAt = now.advanced(by: .nanoseconds(Int64(nanoseconds)))
  }

  /// All has left and the stream's end may follow.
  func mayEnd(_ flow: RelayFlow, now: ContinuousClock.Instant) -> Bool {
    guard let endedAt, pieces.isEmpty, !flow.isHeld else { return false }
    return endedAt.advanced(by: flow.delay) <= now
  }

  /// When bytes, or the end behind them, may leave; nil: nothing waits, or it is held.
  func wakesAt(_ flow: RelayFlow) -> ContinuousClock.Instant? {
    guard !flow.isHeld, let time = pieces.first?.cameAt ?? endedAt else { return nil }
    let due = time.advanced(by: flow.delay)
    guard flow.bytesPerSecond != nil, let freeAt, !pieces.isEmpty else { return due }
    return max(due, freeAt)
  }
}
