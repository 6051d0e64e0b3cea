import Primitives
import ProxyConfiguration
import Reactor
import TLS
import Upstreams

/// Reads the files of a `tls` section and makes a context of them, under guard rails.
///
/// Nothing goes out that could not serve: the key belongs to the certificate, which is valid now and, where
/// it has a SPIFFE id, leads to a root of the trust bundle, as its peers will ask; and a handshake in
/// memory succeeds. Blocking: for start-up and Dispatch.
enum IdentityFiles {
  /// What is wrong with them, for the reader of the configuration.
  static func fault(_ settings: TLSConfiguration) -> TLSConfiguration.FileFault? {
    do throws(IdentityFault) {
      _ = try context(settings, tickets: nil)
      return nil
    } catch {
      return TLSConfiguration.FileFault(key: error.key, message: error.message)
    }
  }

  static func context(
    _ settings: TLSConfiguration, tickets: TicketKeys?
  ) throws(IdentityFault) -> TLSContext {
    let bundle = try bundle(settings.trust)
    let credentials = try credentials(settings)
    if let credentials { try check(credentials, bundle) }
    var wanted = TLSContext.Settings(
      role: settings.side == .listener ? .server : .client, peer: rules(settings))
    wanted.minimumVersion = TLSContext.Version(rawValue: settings.minimumVersion) ?? .v13
    wanted.protocols = protocols(settings)
    let key = settings.certificate == nil ? "trust" : "certificate"
    return try noting(key) { () throws(CredentialFault) in
      let context = try TLSContext(
        wanted, credentials: credentials, bundle: bundle, tickets: tickets)
      if let credentials { try TrialHandshake.run(credentials, wanted.minimumVersion) }
      return context
    }
  }

  private static func protocols(_ settings: TLSConfiguration) -> [ApplicationProtocol] {
    switch settings.applicationProtocol {
    case .auto: [.http2, .http1]
    case .http1: [.http1]
    case .http2: [.http2]
    // What is spoken inside is not ours to agree on.
    case .tcp: []
    }
  }

  private static func rules(_ settings: TLSConfiguration) -> PeerRules {
    let certificate: PeerRules.Certificate =
      switch settings.clientCertificate {
      case .required: .required
      case .optional: .optional
      case .none: .none
      }
    return PeerRules(
      certificate: certificate, workloads: settings.workloads, hostName: settings.serverName)
  }

  private static func bundle(
    _ trust: TLSConfiguration.Trust?
  ) throws(IdentityFault) -> TrustBundle? {
    switch trust {
    case nil: return nil
    case .system:
      return try noting("trust") { () throws(CredentialFault) in try TrustBundle(system: ()) }
    case .file(let path):
      let text = try read(path, "trust")
      return try noting("trust") { () throws(CredentialFault) in try TrustBundle(text) }
    }
  }

  private static func credentials(
    _ settings: TLSConfiguration
  ) throws(IdentityFault) -> Credentials? {
    guard let certificate = settings.certificate, let key = settings.key else { return nil }
    let text = try read(certificate, "certificate")
    var secret = try read(key, "key")
    do throws(CredentialFault) {
      return try Credentials(certificate: text, key: &secret)
    } catch {
      throw IdentityFault(
        key: error.message.hasPrefix("the key") ? "key" : "certificate", message: error.message)
    }
  }

  private static func check(
    _ credentials: Credentials, _ bundle: TrustBundle?
  ) throws(IdentityFault) {
    try noting("certificate") { () throws(CredentialFault) in
      try credentials.checkDates(
        unixSeconds: LinuxKernel().unixNanoseconds() / 1_000_000_000)
      if try credentials.leaf.workloadID() != nil, let bundle {
        try credentials.checkChain(to: bundle)
      }
    }
  }

  private static func read(_ path: String, _ key: String) throws(IdentityFault) -> [UInt8] {
    do throws(Errno) {
      return try SystemFile.read(path, upTo: 1 << 20)
    } catch {
      throw IdentityFault(key: key, message: "\(path) cannot be read: \(error)")
    }
  }

  private static func noting<Value>(
    _ key: String, _ work: () throws(CredentialFault) -> Value
  ) throws(IdentityFault) -> Value {
    do throws(CredentialFault) {
      return try work()
    } catch {
      throw IdentityFault(key: key, message: error.message)
    }
  }
}
