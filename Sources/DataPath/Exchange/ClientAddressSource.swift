/// Which field of a trusted proxy says who the client is; the other one is made anew.
package enum ClientAddressSource: Sendable {
  /// `X-Forwarded-For` where it is there, else `Forwarded`.
  case automatic
  case xForwardedFor
  case forwarded
  /// None: the client is who is connected.
  case peer
}
