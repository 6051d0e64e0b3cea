/// What answers when the breaker refuses or no endpoint is there.
package enum FallbackSettings: Sendable, Equatable {
  /// The name of another upstream, which exists and is none of the route's own.
  case upstream(String)
  case respond(status: Int, body: String, contentType: String)
}
