import COpenSSL
import Primitives

/// The keys that a server's session tickets are sealed with (RFC 5077 §4), shared by all workers.
///
/// A new key is made every few hours, and the one before it still opens tickets, so that a stolen key
/// opens those of a day at most, and no rotation costs the clients a full handshake. Any thread.
/// Cost: a lock, twice a full handshake.
package final class TicketKeys: Sendable {
  /// AES-256 and HMAC-SHA-256, with a name that stands in the ticket.
  struct Key: Sendable {
    var name: [UInt8]
    var cipher: [UInt8]
    var mac: [UInt8]
    var madeAt: Instant
  }

  private struct State {
    var keys: [Key] = []
  }

  /// nginx and Envoy leave rotation to the operator; Cloudflare's keys change every hour, Go's every 24.
  private static let ageNanoseconds: Int64 = 12 * 3_600_000_000_000
  private let state = Lock(State())
  private let now: @Sendable () -> Instant

  package init(now: @escaping @Sendable () -> Instant) {
    self.now = now
  }

  /// The newest, made anew where it is too old.
  func sealing() -> Key? {
    let time = now()
    return state.withLock { state in
      if let first = state.keys.first, time.nanoseconds(since: first.madeAt) < Self.ageNanoseconds {
        return first
      }
      guard let fresh = Self.make(time) else { return state.keys.first }
      state.keys = [fresh] + state.keys.prefix(1)
      return fresh
    }
  }

  /// The one that a ticket names; nil: it is gone. `isNewest`: the ticket need not be made anew.
  func opening(_ name: [UInt8]) -> (key: Key, isNewest: Bool)? {
    state.withLock { state in
      guard let index = state.keys.firstIndex(where: { $0.name == name }) else { return nil }
      return (state.keys[index], index == 0)
    }
  }

  private static func make(_ time: Instant) -> Key? {
    var bytes = [UInt8](repeating: 0, count: 80)
    let isRandom = unsafe bytes.withUnsafeMutableBufferPointer { target in
      // SAFETY: as many bytes as the array has.
      unsafe RAND_bytes(target.baseAddress, Int32(target.count)) == 1
    }
    guard isRandom else { return nil }
    return Key(
      name: Array(bytes[..<16]), cipher: Array(bytes[16..<48]), mac: Array(bytes[48...]),
      madeAt: time)
  }
}
