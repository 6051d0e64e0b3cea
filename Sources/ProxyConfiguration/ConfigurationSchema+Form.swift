extension ConfigurationSchema {
  /// Regular expressions of values, without anchors, in the part of the syntax that ECMA 262 and
  /// Python's `re` share: JSON Schema validators use either.
  enum Form {
    /// Parts of falling units, at least one (`Scalars.duration`).
    static let duration = {
      let units = ["h", "m", "s", "ms", "us"].map { #"([0-9]+(\.[0-9]+)?\#($0))?"# }
      return "(?=[0-9])" + units.joined()
    }()
    static let size = "[0-9]+(B|KiB|MiB|GiB)"
    static let statuses = "[1-5][0-9]{2}(-[1-5][0-9]{2})?"
    static let peer =
      #"(\#(ipv4)(/([12]?[0-9]|3[0-2]))?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/[0-9]{1,3})?|spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)*(/[*])?)"#
    /// RFC 9110 §5.6.2.
    static let token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

    /// Any field but those that are Weir's own to write.
    static let changeableField: String = {
      let own = FieldChecker.own.sorted().map(anyCase).joined(separator: "|")
      return "(?!(\(own))$)\(token)"
    }()

    private static let octet = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
    private static let ipv4 = #"\#(octet)(\.\#(octet)){3}"#
    private static let port =
      "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})"

    /// What an address may look like; `mayBeName`: a host name may stand in it.
    static func address(_ mayBeName: Bool) -> String {
      let forms = ["unix:.{1,107}", "\(ipv4):\(port)", #"\[[0-9A-Fa-f:.]+\]:\#(port)"#]
      let name = "[A-Za-z0-9_.-]*[A-Za-z_-][A-Za-z0-9_.-]*:\(port)"
      return (forms + (mayBeName ? [name] : [])).joined(separator: "|")
    }

    /// `range` is in basis points; a share above 100 % is written only where it may be.
    static func percentage(_ range: ClosedRange<Int>) -> String {
      let least = range.lowerBound > 0 ? #"(?!0+(\.0*)?%)"# : ""
      let whole = range.upperBound <= 10_000 ? #"100(\.00?)?|[0-9]{1,2}(\.[0-9]{1,2})?"# : nil
      return least + "(\(whole ?? #"[0-9]+(\.[0-9]{1,2})?"#))%"
    }

    /// The form of a text that `meaning` describes in `Schema.text`; nil: any text may stand there.
    static func text(_ meaning: String) -> String? {
      switch meaning {
      case "a path that begins with /": "/[!->@-~]*"
      case "a field name": token
      case "a method":
        "(?!(\(methods.map { "(?!\($0)$)\(anyCase($0))" }.joined(separator: "|")))$)\(token)"
      case "a host name, or *. and a name": #"(\*\.)?(\[[!-)+-~]+\]|[!-)+-9;-~]+)"#
      default: nil
      }
    }

    /// Methods of RFC 9110 §9 and RFC 5789, which are mistakes in any other case.
    private static let methods = MatchChecker.methods.sorted()

    private static func anyCase(_ word: String) -> String {
      word.map { letter in
        letter.isLetter ? "[\(letter.uppercased())\(letter.lowercased())]" : "\(letter)"
      }.joined()
    }
  }
}
