/// Ceilings on one message head.
package struct HeadLimits: Sendable, Equatable {
  /// The whole head, empty line included. Source: Envoy's `max_request_headers_kb`, 60 KiB.
  package var headBytesMax: Int
  /// Field lines. Source: Envoy's `max_headers_count`, 100.
  package var fieldsMax: Int
  /// The request target. Source: nginx's `large_client_header_buffers`, 8 KiB a line.
  package var targetBytesMax: Int

  package init(headBytesMax: Int = 60 * 1024, fieldsMax: Int = 100, targetBytesMax: Int = 8192) {
    self.headBytesMax = headBytesMax
    self.fieldsMax = fieldsMax
    self.targetBytesMax = targetBytesMax
  }
}
