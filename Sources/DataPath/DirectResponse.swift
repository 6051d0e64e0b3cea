/// An answer that a route gives by itself.
package struct DirectResponse: Sendable, Equatable {
  /// 200...599.
  package var status: UInt16
  package var body: [UInt8]
  package var contentType: String

  package init(status: UInt16, body: [UInt8], contentType: String) {
    self.status = status
    self.body = body
    self.contentType = contentType
  }
}
