import Foundation

/// A certificate authority in a folder of its own, made by openssl(1), and what it has issued.
final class TestAuthority: Sendable {
  let folder: String
  /// Its own certificate: a trust bundle.
  var bundle: String { folder + "/ca.pem" }

  /// A certificate and its key, as files.
  struct Issued {
    /// Whose folder they are in, for as long as they are used.
    let authority: TestAuthority
    var certificate: String
    var key: String
  }

  enum Dates {
    case now, expired, notYet
  }

  static let server = "DNS:localhost,IP:127.0.0.1,URI:spiffe://ndp.test/ns/default/svc/server"
  static let client = "URI:spiffe://ndp.test/ns/default/svc/client"

  init(named name: String = "Test Root") throws {
    folder = NSTemporaryDirectory() + "weir-ca-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
      folder + "/ca-key.pem", "-out", bundle, "-subj", "/CN=\(name)", "-days", "30", "-addext",
      "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    ])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func openssl(_ arguments: [String]) throws {
    try Command.require("openssl", arguments)
  }

  /// `names`: the subject alternative names; nil: none. `rules`: basic constraints and key usage.
  func issue(
    _ file: String, _ names: String?, dates: Dates = .now,
    rules: [String] = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
  ) throws -> Issued {
    let base = "\(folder)/\(file)"
    try openssl([
      "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
      base + "-key.pem", "-out", base + ".csr", "-subj", "/CN=\(file)",
    ])
    var lines = rules + ["extendedKeyUsage=serverAuth,clientAuth"]
    if let names { lines.append("subjectAltName=\(names)") }
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: base + ".ext", atomically: true, encoding: .utf8)
    let (from, to): (String, String) =
      switch dates {
      case .now: ("20200101000000Z", "20990101000000Z")
      case .expired: ("20200101000000Z", "20210101000000Z")
      case .notYet: ("20980101000000Z", "20990101000000Z")
      }
    try """
    [ca]
    default_ca = own
    [own]
    database = \(base).database
    new_certs_dir = \(folder)
    rand_serial = yes
    default_md = sha256
    policy = any
    unique_subject = no
    [any]
    commonName = optional
    """.write(toFile: base + ".conf", atomically: true, encoding: .utf8)
    try Data().write(to: URL(filePath: base + ".database"))
    try openssl([
      "ca", "-batch", "-notext", "-config", base + ".conf", "-cert", bundle, "-keyfile",
      folder + "/ca-key.pem", "-in", base + ".csr", "-out", base + ".pem", "-extfile",
      base + ".ext", "-startdate", from, "-enddate", to,
    ])
    return Issued(authority: self, certificate: base + ".pem", key: base + "-key.pem")
  }

  /// What openssl(1) says as a client that sends what `before` prints.
  static func connect(
    to port: UInt16, _ options: String = "", sending before: String = "echo"
  ) throws -> String {
    try Command.run(
      "sh", ["-c", "\(before) | openssl s_client -connect 127.0.0.1:\(port) \(options) 2>&1"])
  }

  /// Puts them and its own certificate where `config/mtls.yaml` has them.
  func mount(_ issued: Issued) throws {
    for (from, to) in [
      (issued.certificate, "tls.crt"), (issued.key, "tls.key"), (bundle, "ca.crt"),
    ] {
      try FileManager.default.copyItem(atPath: from, toPath: "\(folder)/\(to)")
    }
  }

  /// As `tls` keys of a configuration, with this authority for trust.
  func keys(_ issued: Issued, _ more: String = "") -> String {
    "{ certificate: \(issued.certificate), key: \(issued.key), trust: \(bundle)\(more) }"
  }
}
