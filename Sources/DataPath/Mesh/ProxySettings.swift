import Primitives

/// What holds for all listeners and routes.
package final class ProxySettings: @unchecked Sendable {
  // SAFETY: filled by the one who makes it, then only read.

  /// Whose forwarded fields and request ids are believed. Default: loopback, the application beside
  /// us; a peer on a Unix-domain socket is on this machine and always believed.
  package var trustedWorkloads: [SPIFFEPattern] = []
  package var trustedProxies: [CIDR] = [CIDR("127.0.0.0/8"), CIDR("::1")].compactMap(\.self)
  /// Which of their fields says who the client is.
  package var clientAddress = ClientAddressSource.automatic
  package var emitsW3C = true
  package var emitsB3 = false
  /// `Via` is added to what is forwarded (RFC 9110 §7.6.3). Off, as in every mesh: it breaks
  /// compression at some origins and shows the inside.
  package var addsVia = false
  /// `X-Request-ID` is added to services' own answers of 500 and above that carry none.
  package var marksErrors = false
  /// One of this many requests is logged; failed ones always. 0: none at all.
  package var accessLogSample: UInt32 = 1

  /// Fields that are logged beside the usual.
  package var loggedFields = LoggedFields()
  /// What this proxy is called in the access log, JSON's quotes included.
  package var instance: [UInt8] = []

  /// Whose value is a request's class, of trusted proxies.
  package var priorityField = FieldKey("x-weir-priority")
  /// Some route has a class: limits are then filled by class.
  package var shedsByPriority = false

  /// An exchange that took this long is kept for `/explain`. A second: where a person's flow of
  /// thought breaks (Nielsen, Usability Engineering, 1993). In nanoseconds.
  package var explainSlowNanoseconds: Int64 = 1_000_000_000
  /// Exchanges that each worker keeps for `/explain`; 0: none.
  package var explainEntries = 256

  /// How long clients have to look away before idle connections close. In nanoseconds.
  package var drainDelayNanoseconds: Int64 = 5_000_000_000

  package init() {}

  package func trusts(_ peer: SocketAddress?) -> Bool {
    peer?.ip.map(trusts) ?? true
  }

  /// A peer whose certificate says so.
  package func trusts(_ identity: SPIFFEID?) -> Bool {
    guard let identity else { return false }
    return trustedWorkloads.contains { $0.matches(identity) }
  }

  package func trusts(_ address: IPAddress) -> Bool {
    trustedProxies.contains { $0.contains(address) }
  }
}
