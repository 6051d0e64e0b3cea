import Primitives

/// Keys of TLS.
extension Schema {
  private static let files: [Key] = [
    Key(
      "certificate", .text("a path"),
      "A PEM file: the certificate, then those that lead to a root. It is read again when it changes."
    ),
    Key(
      "key", .text("a path"),
      "A PEM file: the certificate's private key, without a password. It is read again when it changes."
    ),
  ]

  private static let minimumVersion = Key(
    "minimum_version", .choice(["1.2", "1.3"]), default: "1.3",
    "The oldest version that is spoken. NIST SP 800-52r2 asks for 1.3 since 2024; 1.2 is for peers that have nothing newer."
  )

  static let listenerTLS: [Key] =
    files.map { key in
      var key = key
      key.isRequired = true
      return key
    } + [
      Key(
        "trust", .text("a path"),
        "A PEM file of the roots that clients' certificates must lead to. Left out: clients are not asked for any."
      ),
      Key(
        "client_certificate", .choice(["required", "optional", "none"]), default: "none",
        "Whether a client must show a certificate. With `trust`, `required` is the default."
      ).derived { section, usual in section.has("trust") ? .text("required") : usual },
      minimumVersion,
      Key(
        "mode", .choice(["strict", "permissive"]), default: "strict",
        "permissive: clients in plaintext are served too, and counted as `plaintext_accepted`, so that a mesh can be moved to TLS. Istio's modes."
      ),
      Key(
        "handshake_timeout", .duration(.milliseconds(100) ... .seconds(600), mayBeOff: false),
        default: "10s",
        "From the connection to the end of its handshake. Above it the connection is closed. HAProxy's guide for `timeout client-hs`, and Linkerd's."
      ),
    ]

  static let upstreamTLS: [Key] =
    [
      Key(
        "trust", .text("a path, or system"), isRequired: true,
        "A PEM file of the roots that the endpoints' certificates must lead to; `system`: the roots of this machine."
      ),
      Key(
        "server_name", .text("a host name"),
        "Whom the certificate must be for, and what is said in the handshake (SNI). Left out: the name that the endpoint is given by, where it has one."
      ),
      Key(
        "spiffe_id", .oneOrMany(.text("a SPIFFE id")),
        "The endpoints' identity: an id, `spiffe://domain/path/*`, `spiffe://domain/*`, or a list. Nobody else is accepted, whatever the address. Left out: the name counts."
      ),
    ] + files + [minimumVersion]
}
