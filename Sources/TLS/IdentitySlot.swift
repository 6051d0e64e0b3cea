import Primitives

/// The newest TLS context of one listener or upstream: what a connection that begins is secured by.
///
/// The control plane puts another one in when files change; connections that have begun keep theirs.
/// Any thread. Cost: a lock a handshake, which costs a thousand times as much
/// (docs/decisions/0021-identities.md).
package final class IdentitySlot: Sendable {
  private let state: Lock<TLSContext>

  package init(_ context: TLSContext) {
    state = Lock(context)
  }

  package var current: TLSContext { state.withLock { $0 } }

  package func put(_ context: TLSContext) { state.withLock { $0 = context } }
}
