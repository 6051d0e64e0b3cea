import Primitives

/// A response head as it was understood; as `RequestHead`, reused from response to response.
package final class ResponseHead {
  /// 100 ... 599.
  package var status: UInt16 = 0
  package var reason: ByteRange = .empty
  /// 0 or 1.
  package var minorVersion: UInt8 = 1
  package var fields: [Field] = []
  package var present = FieldSet.none
  package var framing: BodyFraming = .none
  /// The declared Content-Length where `framing` is `.none` because of HEAD or 304: it is passed on
  /// (RFC 9110 §8.6).
  package var declaredLength: UInt64?
  /// The name of the `Content-Length` or `Transfer-Encoding` field that frames it, as it was
  /// spelled; empty where there is none.
  package var framingName: ByteRange = .empty
  package var isPersistent = true
  package var nominatesOthers = false
  /// The endpoint's `Keep-Alive: timeout=n` in seconds, where given.
  package var keepAliveSeconds: UInt32?
  /// It asks for, or confirms, a login that belongs to the connection (`ConnectionLogin`).
  package var logsIn = false
  package var headBytes = 0

  package init() {
    fields.reserveCapacity(32)
  }
}
