/// Who has an identity: a listener or an upstream, by name.
struct IdentityHolder: Hashable, Comparable, CustomStringConvertible {
  enum Kind: String {
    case listener, upstream
  }

  var kind: Kind
  var name: String

  static func listener(_ name: String) -> Self { Self(kind: .listener, name: name) }
  static func upstream(_ name: String) -> Self { Self(kind: .upstream, name: name) }

  /// `listener ingress`.
  var description: String { "\(kind.rawValue) \(name)" }

  /// The values of the labels `listener` and `upstream`.
  var labels: (listener: String, upstream: String) {
    kind == .listener ? (name, "none") : ("none", name)
  }

  static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
