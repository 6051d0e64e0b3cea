import Foundation
import Testing
import WeirTesting

/// Certificates, keys and bundles that change while connections are open.
struct TLSReloadTests {
  private let authority: TestAuthority
  private let folder: String
  private var certificate: String { folder + "/tls.crt" }
  private var key: String { folder + "/tls.key" }

  init() throws {
    authority = try TestAuthority()
    folder = authority.folder + "/mounted"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func place(_ from: String, _ to: String) throws {
    try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to), options: .atomic)
  }

  private func place(_ issued: TestAuthority.Issued) throws {
    try place(issued.certificate, certificate)
    try place(issued.key, key)
  }

  private func proxy(_ certificate: String? = nil, _ key: String? = nil) throws -> RunningProxy {
    let tls = "{ certificate: \(certificate ?? self.certificate), key: \(key ?? self.key) }"
    return try RunningProxy(
      endpoints: [1], routes: "[{ match: {}, respond: { body: served } }]", listener: "tls: \(tls)")
  }

  /// The subject of what a new connection is shown.
  private func shown(_ proxy: RunningProxy) throws -> String {
    let output = try TestAuthority.connect(to: proxy.port, "-CAfile \(authority.bundle)")
    let line = output.split(separator: "\n").first { $0.hasPrefix("subject=") } ?? ""
    return String(line.dropFirst("subject=".count))
  }

  private func reloads(_ proxy: RunningProxy, _ result: String) throws -> Double {
    try proxy.metric(
      "weir_certificate_reloads_total{listener=\"ingress\",upstream=\"none\",result=\"\(result)\"}")
  }

  /// In either order the first half of a pair is refused, and the old pair serves until the second is
  /// there.
  @Test(arguments: [true, false])
  func keyAndCertificateChangeInEitherOrder(_ isKeyFirst: Bool) throws {
    try place(try authority.issue("old", TestAuthority.server))
    let fresh = try authority.issue("fresh", TestAuthority.server)
    let proxy = try proxy()
    defer { proxy.stop() }
    #expect(try shown(proxy) == "CN = old")
    if isKeyFirst { try place(fresh.key, key) } else { try place(fresh.certificate, certificate) }
    #expect(try proxy.eventually { try reloads(proxy, "refused") == 1 })
    #expect(try shown(proxy) == "CN = old")
    let ready = try proxy.admin("/readyz")
    #expect(
      ready.contains("listener ingress: tls.key: the key does not belong to the certificate"),
      "\(ready)")
    if isKeyFirst { try place(fresh.certificate, certificate) } else { try place(fresh.key, key) }
    #expect(try proxy.eventually { try shown(proxy) == "CN = fresh" })
    // It is told once the files have been looked at, behind the first handshake that shows it.
    #expect(try proxy.eventually { try proxy.admin("/readyz").hasSuffix("ready\n") })
  }

  /// As Kubernetes mounts a secret: the files are links through a folder's link, which is swapped.
  @Test func aSecretsLinkIsSwapped() throws {
    for (name, issued) in [
      ("1", try authority.issue("old", TestAuthority.server)),
      ("2", try authority.issue("fresh", TestAuthority.server)),
    ] {
      let data = "\(folder)/..\(name)"
      try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
      try place(issued.certificate, data + "/tls.crt")
      try place(issued.key, data + "/tls.key")
    }
    try Command.require(
      "sh",
      [
        "-c",
        "cd \(folder) && ln -s ..1 ..data && ln -s ..data/tls.crt tls.crt && ln -s ..data/tls.key tls.key",
      ])
    let proxy = try proxy()
    defer { proxy.stop() }
    #expect(try shown(proxy) == "CN = old")
    try Command.require(
      "sh", ["-c", "cd \(folder) && ln -s ..2 ..data_tmp && mv -T ..data_tmp ..data"])
    #expect(try proxy.eventually { try shown(proxy) == "CN = fresh" })
  }

  @Test(arguments: ["expired", "junk", "empty"])
  func whatCannotServeIsNotServed(_ kind: String) throws {
    try place(try authority.issue("old", TestAuthority.server))
    let proxy = try proxy()
    defer { proxy.stop() }
    switch kind {
    case "expired": try place(try authority.issue("late", TestAuthority.server, dates: .expired))
    case "junk": try Data("junk".utf8).write(to: URL(filePath: certificate), options: .atomic)
    default: try Data().write(to: URL(filePath: certificate), options: .atomic)
    }
    #expect(try proxy.eventually { try reloads(proxy, "refused") >= 1 })
    #expect(try shown(proxy) == "CN = old")
    #expect(try proxy.admin("/readyz").contains("the certificate before stays in use"))
  }

  /// A file that cannot be used is a fault of the configuration, with its place.
  @Test func aBadFileIsNoConfiguration() throws {
    let issued = try authority.issue("old", TestAuthority.server)
    let other = try authority.issue("other", TestAuthority.server)
    #expect(throws: RunningProxy.Unusable.self) { try proxy(issued.certificate, other.key) }
    #expect(throws: RunningProxy.Unusable.self) { try proxy("/nowhere.pem", issued.key) }
  }
}
