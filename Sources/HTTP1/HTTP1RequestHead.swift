import HTTPModel

/// A request head with what only HTTP/1 says.
package final class HTTP1RequestHead: RequestHead {
  /// 0 or 1.
  package var minorVersion: UInt8 = 1
  /// `none`, `length` or `chunked`.
  package private(set) var framing: BodyFraming = .none
  /// The connection may carry another request after this one.
  package var isPersistent = true
  /// Bytes from the first of the request line to the end of the empty line.
  package var headBytes = 0

  /// Its body ends so.
  func frame(_ framing: BodyFraming) {
    self.framing = framing
    length = framing.length
  }
}
