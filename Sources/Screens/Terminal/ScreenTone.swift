/// What a piece of a screen says, beside its words: without colours nothing is lost.
package enum ScreenTone: Sendable {
  case plain, dim, strong, good, warning, bad
  /// What somebody did at the keyboard or in a script.
  case done

  /// The parameters of SGR (ECMA-48 §8.3.117), from the eight colours that every terminal has.
  var sgr: String {
    switch self {
    case .plain: ""
    case .dim: "2"
    case .strong: "1"
    case .good: "32"
    case .warning: "33"
    case .bad: "31"
    case .done: "35"
    }
  }
}
