import Primitives
import Reactor
import Transport

/// One direction of a tunnel: what one side sends goes to the other, by way of the other's output.
///
/// A side is read only when all that came before has left, so a slow reader holds one block and its own
/// sender. An end is passed on by itself. Shared by upgrades and TCP. Cost: a receive and a send a block.
enum TunnelPump {
  /// Why it stopped.
  enum Step {
    /// An event will tell when it can go on.
    case waits
    /// It has had its share of the turn.
    case isBusy
    /// The source has ended, which the target has been told.
    case ended
    case sourceFailed, targetFailed
  }

  /// So many blocks a turn, so that one tunnel does not starve the others.
  private static let roundsPerTurnMax = 8

  /// `early`: who still has bytes that go first; until they have gone nothing is received. `isOver`: the
  /// source has ended, and what is left of it is sent. `moved`: is told how many bytes came, 0 where a
  /// part of those before has left. Precondition: the target's output has a block.
  static func move(
    from source: ByteStream, early: MessageStream? = nil, to target: ByteStream, isOver: Bool,
    _ moved: (Int) -> Void
  ) -> Step {
    for _ in 0..<roundsPerTurnMax {
      if let early {
        let count = early.takeEarly(into: target.output)
        if count > 0 { moved(count) }
      }
      switch target.flush() {
      case .drained: break
      case .blocked(let tookSome):
        if tookSome { moved(0) }
        return .waits
      case .failed: return .targetFailed
      }
      if early?.hasEarly == true { continue }
      if isOver { return .waits }
      switch source.receive(into: target.output) {
      case .bytes(let count): moved(count)
      case .wouldBlock: return .waits
      case .endOfStream:
        target.endSending()
        return .ended
      case .failed: return .sourceFailed
      }
    }
    return .isBusy
  }
}
