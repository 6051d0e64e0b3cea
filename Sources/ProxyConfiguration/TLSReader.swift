import Primitives

/// Reads how a listener or an upstream is secured, and checks what the schema cannot.
struct TLSReader {
  /// What is wrong with the files, which only TLS can judge; nil: nothing.
  package typealias FilesFault = (TLSConfiguration) -> TLSConfiguration.FileFault?

  let filesFault: FilesFault

  func listener(_ listener: Section, _ checker: inout SchemaChecker) -> TLSConfiguration? {
    guard listener.has("tls") else { return nil }
    let section = listener.section("tls")
    let result = TLSConfiguration(
      side: .listener, certificate: section.text("certificate"), key: section.text("key"),
      trust: section.text("trust").map { .file($0) },
      clientCertificate: section.text("client_certificate").flatMap {
        TLSConfiguration.ClientCertificate(rawValue: $0)
      } ?? .none,
      minimumVersion: section.text("minimum_version") ?? "1.3",
      isPermissive: section.text("mode") == "permissive",
      handshakeTimeout: section.duration("handshake_timeout") ?? .zero, serverName: nil,
      workloads: [])
    if result.trust == nil {
      checker.hold(
        result.clientCertificate == .none, section, "client_certificate",
        "client_certificate needs trust beside it, a file of the roots that clients' certificates lead to"
      )
    } else {
      checker.hold(
        result.clientCertificate != .none || !section.has("client_certificate"), section,
        "client_certificate",
        "trust has no effect where no certificate is asked for; remove it, or write client_certificate: optional"
      )
    }
    judge(result, section, &checker)
    return result
  }

  func upstream(_ upstream: Section, _ checker: inout SchemaChecker) -> TLSConfiguration? {
    guard upstream.has("tls") else { return nil }
    let section = upstream.section("tls")
    let ids = SPIFFEReader.patterns(section, "spiffe_id", &checker)
    let trust = section.text("trust")
    let result = TLSConfiguration(
      side: .upstream, certificate: section.text("certificate"), key: section.text("key"),
      trust: trust.map { $0 == "system" ? .system : .file($0) }, clientCertificate: .required,
      minimumVersion: section.text("minimum_version") ?? "1.3", isPermissive: false,
      handshakeTimeout: .zero, serverName: section.text("server_name"), workloads: ids)
    for (one, other) in [("certificate", "key"), ("key", "certificate")] {
      checker.hold(
        !section.has(one) || section.isMeant(other), section, one,
        "\(one) needs \(other) beside it")
    }
    if !section.isMeant("server_name"), !section.isMeant("spiffe_id"),
      upstream.list("endpoints").contains(where: Self.isUnnamed)
    {
      checker.report(
        section.mark,
        "nothing says whom an endpoint's certificate must be for; give tls a server_name or a spiffe_id, or the endpoints host names"
      )
    }
    if section.isMeant("trust") { judge(result, section, &checker) }
    return result
  }

  /// An endpoint that is given by its address.
  private static func isUnnamed(_ located: Section.Located) -> Bool {
    let text: String? =
      switch located.value {
      case .text(let address): address
      case .section(let section): section.text("address")
      default: nil
      }
    return text.map { SocketAddress($0) != nil } ?? false
  }

  private func judge(
    _ result: TLSConfiguration, _ section: Section, _ checker: inout SchemaChecker
  ) {
    if let name = result.serverName {
      checker.hold(
        !name.isEmpty
          && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x3A },
        section, "server_name", "server_name must be a host name without a port, not \"\(name)\"")
    }
    guard result.side == .upstream || (result.certificate != nil && result.key != nil),
      result.certificate == nil || result.key != nil, let fault = filesFault(result)
    else { return }
    checker.report(section.mark(fault.key), "tls.\(fault.key): \(fault.message)")
  }
}
