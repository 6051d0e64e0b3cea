/// What a server of Weir's own pages takes.
package struct ServerLimits: Sendable {
  /// Connections at once; of those that wait for no answer, the one that has been without a request
  /// longest makes room for the next. Range: 1 and above.
  package var connectionsMax: Int
  /// Bytes of a request's body; a longer one is refused (413). Range: 0 and above.
  package var bodyBytesMax: Int

  package init(connectionsMax: Int, bodyBytesMax: Int = 4096) {
    self.connectionsMax = connectionsMax
    self.bodyBytesMax = bodyBytesMax
  }
}
