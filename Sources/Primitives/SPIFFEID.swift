/// The identity of a workload: `spiffe://trust-domain/path` (SPIFFE-ID standard, §2).
///
/// Only the one spelling that the standard allows is taken, so that two ids are the same just when their
/// bytes are: a lower-case trust domain without port or user, a path of non-empty segments of letters,
/// digits, dots, dashes and underscores that are not `.` or `..`, nothing behind it, 2,048 bytes in all.
package struct SPIFFEID: Hashable, Sendable {
  package static let bytesMax = 2048
  private static let domainBytesMax = 255
  private static let scheme = "spiffe://"

  package let text: String
  /// `ndp.test`.
  package let trustDomain: String
  /// `/ns/default/svc/a`; empty: the trust domain's own id.
  package let path: String

  /// Nil: `text` is no SPIFFE id. Cost: linear.
  package init?(_ text: String) {
    guard text.utf8.count <= Self.bytesMax, text.hasPrefix(Self.scheme) else { return nil }
    let rest = text.utf8.dropFirst(Self.scheme.utf8.count)
    let domain = rest.prefix { $0 != UInt8(ascii: "/") }
    let path = rest.dropFirst(domain.count)
    guard !domain.isEmpty, domain.count <= Self.domainBytesMax,
      domain.allSatisfy(Self.isOfDomain), Self.isPath(path)
    else { return nil }
    self.text = text
    trustDomain = String(decoding: Array(domain), as: UTF8.self)
    self.path = String(decoding: Array(path), as: UTF8.self)
  }

  private static func isOfDomain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func isPath(_ path: some Collection<UInt8>) -> Bool {
    guard let first = path.first else { return true }
    guard first == UInt8(ascii: "/") else { return false }
    let segments = path.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return segments.allSatisfy { segment in
      !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
        && segment.allSatisfy { isOfDomain($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0) }
    }
  }
}
