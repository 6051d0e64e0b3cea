import Primitives

/// A response head as it was understood; as `RequestHead`, reused from response to response.
open class ResponseHead {
  /// 100 ... 599.
  package final var status: UInt16 = 0
  package final var reason: ByteRange = .empty
  package final var fields: [Field] = []
  package final var present = FieldSet.none
  /// How long its body is.
  package final var length: PayloadLength = .none
  /// The declared Content-Length where `length` is `.none` because of HEAD or 304: it is passed on
  /// (RFC 9110 §8.6).
  package final var declaredLength: UInt64?
  /// The name of the `Content-Length` or `Transfer-Encoding` field that frames it, as it was
  /// spelled; empty where there is none.
  package final var lengthName: ByteRange = .empty
  package final var nominatesOthers = false
  /// The endpoint's `Keep-Alive: timeout=n` in seconds, where given.
  package final var keepAliveSeconds: UInt32?
  /// It asks for, or confirms, a login that belongs to the connection (`ConnectionLogin`).
  package final var logsIn = false

  package init() {
    fields.reserveCapacity(32)
  }
}
