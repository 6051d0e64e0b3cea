import HTTPModel
import Primitives

/// Logins that belong to a connection and not to a request: once its handshake is over, whatever
/// follows on that connection is answered as the one who logged in.
///
/// Such are NTLM and Negotiate, which violate HTTP's own rule that requests stand alone (RFC 4559 §6;
/// IANA's registry of authentication schemes says so of Negotiate), and Kerberos by its old name. As
/// HAProxy, any scheme that begins with `Nego` or `NTLM` counts: Windows has Nego2 too. Quotation
/// marks are not looked at: a name inside them costs a pooled connection, a name that was missed
/// would give a client's session away.
enum ConnectionLogin {
  /// Whether a list of credentials or challenges names one of those schemes, in any case, with or
  /// without a token behind it.
  static func isNamed(in bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
    !Token.eachElement(of: bytes, in: value) { element in
      let scheme = bytes.extracting(element)
      return !begins(scheme, "ntlm") && !begins(scheme, "nego") && !begins(scheme, "kerberos")
    }
  }

  /// What else says that the connection is logged in: `Persistent-Auth: true` (IIS), and
  /// `Proxy-Support: Session-Based-Authentication` (RFC 4559 §6).
  static func isDeclared(_ name: FieldName, _ value: Span<UInt8>) -> Bool {
    name == .persistentAuth
      ? !ByteScan.equalIgnoringCase(value, "false")
      : begins(value, "session-based-authentication")
  }

  private static func begins(_ value: Span<UInt8>, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    return value.count >= count && ByteScan.equalIgnoringCase(value.extracting(first: count), text)
  }
}
