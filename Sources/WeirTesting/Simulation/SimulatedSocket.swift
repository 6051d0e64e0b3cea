import Primitives
import Reactor

/// One connection between Weir and a simulated peer, as the kernel would hold it.
///
/// ```
/// connecting ──(stands)── open ──(both ends, a reset, a close of Weir's)── over
///      └──(refused)── broken
/// ```
package final class SimulatedSocket {
  package let descriptor: Int32
  package unowned let network: SimulatedNetwork
  var peer: (any SimulatedPeer)?
  /// Bytes for Weir to receive.
  var inbound: [UInt8] = []
  /// Bytes of Weir's that the peer has not taken.
  var outbound: [UInt8] = []
  /// What the kernel holds for a peer that does not take it.
  let outboundMax: Int
  var peerEnded = false
  var peerClosed = false
  var error: Errno?
  var isStanding = false
  var weirEnded = false
  package internal(set) var weirClosed = false
  var resetsOnClose = false
  var isBlocked = false
  var sent: UInt64 = 0
  /// Bytes that have reached the peer's kernel, and those of them that the peer has taken.
  var acknowledged: UInt64 = 0
  private var taken: UInt64 = 0
  /// Whose loop it belongs to; nil: the only one.
  var lane: SimulatedLane?
  // What the loop watches.
  var token: UInt64?
  var pending: Readiness = []

  init(_ descriptor: Int32, _ network: SimulatedNetwork, outboundMax: Int) {
    self.descriptor = descriptor
    self.network = network
    self.outboundMax = outboundMax
  }

  /// The peer's bytes arrive at Weir.
  package func deliver(_ bytes: [UInt8]) {
    guard !weirClosed, error == nil, !bytes.isEmpty else { return }
    inbound += bytes
    network.edge(self, .readable)
  }

  /// The peer ends its direction.
  package func end() {
    guard !weirClosed, error == nil, !peerEnded else { return }
    peerEnded = true
    network.edge(self, [.readable, .peerEnded])
  }

  /// The peer closes: it takes nothing any more.
  package func close() {
    end()
    peerClosed = true
  }

  /// The peer breaks the connection; what Weir has not received is lost or not, as it happens.
  package func reset(losing: Bool) {
    guard !weirClosed, error == nil else { return }
    if losing { inbound = [] }
    error = SimulatedNetwork.connectionReset
    network.edge(self, [.readable, .writable, .peerEnded, .broken])
  }

  /// Nothing of Weir's waits to be taken.
  package var isEmpty: Bool { acknowledged == taken }

  /// Nor is anything of Weir's on its way.
  package var isQuiet: Bool { sent == taken && outbound.isEmpty }

  /// The peer takes at most `most` of Weir's bytes.
  package func take(_ most: Int = .max) -> [UInt8] {
    let count = min(most, outbound.count, Int(acknowledged - taken))
    taken += UInt64(count)
    let bytes = Array(outbound[..<count])
    outbound.removeFirst(count)
    if isBlocked, outbound.count < outboundMax {
      isBlocked = false
      network.edge(self, .writable)
    }
    return bytes
  }
}
