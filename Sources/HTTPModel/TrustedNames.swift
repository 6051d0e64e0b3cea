import Primitives

/// The names by which a proxy in front says who its client is, what that asked for, or what the next
/// hop is to do. They pass from `trusted_proxies` only; docs/headers.md has the list and who uses
/// each.
///
/// Sources: Traefik's `forwardedheaders` (its list, and a `_` for a `-`), Envoy's
/// `cleanInternalHeaders` and `x-forwarded-client-cert`, oauth2-proxy's `X-Auth-Request-*`, RFC 9440
/// §4 (`Client-Cert`), Kubernetes' `X-Remote-*`, Linkerd's `l5d-*`, and what the content delivery
/// networks and clouds name the client by. Not among them: what clients send in good faith
/// (`X-HTTP-Method-Override`, `X-Correlation-Id`).
package enum TrustedNames {
  /// Whole names in lower case.
  package static let exact: [StaticString] = [
    "cf-connecting-ip", "cf-connecting-ipv6", "cf-ipcountry", "cf-pseudo-ipv4", "cf-visitor",
    "client-cert", "client-cert-chain", "client-ip",
    "fastly-client-ip", "fly-client-ip", "forwarded-for", "front-end-https",
    "proxy", "proxy-client-ip",
    "remote-addr", "remote-user",
    "true-client-ip",
    "wl-proxy-client-ip", "wl-proxy-ssl",
    "x-accel-mapping", "x-appengine-user-ip", "x-azure-clientip", "x-azure-socketip",
    "x-client-cert", "x-client-dn", "x-client-ip", "x-client-verify", "x-cluster-client-ip",
    "x-forward-for", "x-forward-proto", "x-goog-iap-jwt-assertion", "x-host",
    "x-http-host-override", "x-https", "x-originating-ip", "x-proxyuser-ip", "x-real-ip",
    "x-real-port", "x-rewrite-url", "x-scheme", "x-sendfile-type", "x-url-scheme",
    "x-webauth-user",
  ]

  /// Beginnings in lower case: any name that continues one.
  package static let prefixes: [StaticString] = [
    "l5d-", "ssl-client-",
    "x-amzn-mtls-", "x-amzn-oidc-", "x-arr-", "x-auth-request-", "x-authenticated-", "x-envoy-",
    "x-forwarded", "x-goog-authenticated-user-", "x-ms-client-principal", "x-ms-token-",
    "x-original-", "x-remote-", "x-ssl-client-", "x-weir-",
  ]

  private struct Entry: Sendable {
    let text: StaticString
    let isPrefix: Bool
  }

  /// By their third letter, which tells most other names of the same first letter apart.
  private static let table: [[Entry]] = {
    var table = [[Entry]](repeating: [], count: 32)
    for (names, isPrefix) in [(exact, false), (prefixes, true)] {
      for name in names {
        table[slot(Array("\(name)".utf8)[2])].append(Entry(text: name, isPrefix: isPrefix))
      }
    }
    return table
  }()

  /// Marks share one, since any may stand for a `-`.
  private static func slot(_ byte: UInt8) -> Int { isMark(byte) ? 0 : Int(byte & 31) }

  private static func isMark(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 >= 26 && byte &- 0x30 >= 10
  }

  /// Whether any name begins with that letter, which is in lower case.
  @inline(__always)
  static func mayBegin(with letter: UInt8) -> Bool {
    // c, f, l, p, r, s, t, w, x.
    letter &- 0x61 < 26 && 0x019D_1048 >> UInt32(letter & 31) & 1 == 1
  }

  /// `trustedOnly`, `disguised` where another mark stands for a `-` of the name, else `other`.
  static func classify(_ name: Span<UInt8>) -> FieldName {
    guard name.count >= 4 else { return .other }
    for entry in table[slot(name[2])] {
      let count = entry.text.utf8CodeUnitCount
      guard entry.isPrefix ? name.count >= count : name.count == count else { continue }
      let part = name.extracting(first: count)
      if ByteScan.equalIgnoringCase(part, entry.text), !hasOtherMarks(name, from: count) {
        return .trustedOnly
      }
      if ByteScan.equalFolded(part, entry.text) { return .disguised }
    }
    return .other
  }

  private static func hasOtherMarks(_ name: Span<UInt8>, from start: Int) -> Bool {
    for index in start..<name.count where isMark(name[index]) && name[index] != 0x2D { return true }
    return false
  }
}
