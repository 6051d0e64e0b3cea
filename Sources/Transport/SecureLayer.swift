import Primitives
import TLS

/// What a byte stream has for TLS: the session, and ciphertext each way.
///
/// The blocks are lent while there is ciphertext in them, so that an idle connection has none.
/// Confinement: the stream's loop.
final class SecureLayer {
  let session: TLSSession
  let pool: BufferPool
  /// Ciphertext that came.
  let input = Buffer()
  /// Ciphertext that the kernel has not taken yet.
  let output = Buffer()
  /// The socket may have more; `ByteStream.mayReceive` says whether the owner gets something.
  var socketMayReceive = false
  /// The first byte that came has been looked at.
  var hasBegun = false

  init(_ session: TLSSession, _ pool: BufferPool) {
    self.session = session
    self.pool = pool
  }

  /// Something that the owner has not taken is here.
  var holdsInput: Bool { session.holdsPlaintext || !input.isEmpty }

  func makeInput() {
    if !input.hasBlock, !pool.lend(to: input) { pool.lendBeyondBudget(to: input) }
  }

  /// Room for the records of `count` bytes of plaintext, as far as one block goes.
  func makeOutput(for count: Int) {
    guard !output.hasBlock else { return }
    let wanted = count + TLSSession.recordOverheadMax * (count / TLSSession.recordBytesMax + 2)
    if pool.lend(to: output, atLeast: min(wanted, BufferPool.largeBytes)) { return }
    pool.lendBeyondBudget(to: output)
  }

  /// Gives back the blocks that hold nothing. What the session could not be given yet is the peer's next
  /// record, and stays.
  func giveEmpty() {
    if input.isEmpty { pool.reclaim(from: input) }
    if output.isEmpty { pool.reclaim(from: output) }
  }
}
