/// One member of `Accept` or `Accept-Encoding`: what it names and how much it is wanted.
///
/// Source: RFC 9110 §12.4.2, §12.5.1 and §12.5.3. Names are in any case; a weight that is no number
/// from 0 to 1 counts as 0, for nothing can be known of it.
struct MediaRange: Equatable {
  /// In lower case, such as `text/plain` or `gzip`.
  var name: String
  /// In lower case, without the weight.
  var parameters: [String: String] = [:]
  /// Thousandths, 0...1000; 0: not wanted at all.
  var weight = 1000

  /// The members of a field's value, in their order.
  static func list(_ value: String) -> [MediaRange] {
    value.split(separator: ",").compactMap { MediaRange(String($0)) }
  }

  private init?(_ text: String) {
    var parts = text.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
    name = parts.removeFirst().lowercased()
    guard !name.isEmpty else { return nil }
    for part in parts {
      let pair = part.split(separator: "=", maxSplits: 1).map(Self.trimmed)
      guard pair.count == 2 else { continue }
      let value = pair[1].filter { $0 != "\"" }
      if pair[0].lowercased() == "q" {
        weight = Self.weight(value)
      } else {
        parameters[pair[0].lowercased()] = value.lowercased()
      }
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    let front = text.drop { $0 == " " || $0 == "\t" }
    return String(front.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }

  /// `1`, `0.5`, `0.125`.
  private static func weight(_ text: String) -> Int {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts[0] == "0" || parts[0] == "1" else { return 0 }
    let fraction = parts.count == 2 ? String(parts[1]) : ""
    guard fraction.utf8.count <= 3, fraction.allSatisfy({ ("0"..."9").contains($0) }) else {
      return 0
    }
    let thousandths = Int(fraction + String(repeating: "0", count: 3 - fraction.utf8.count)) ?? 0
    return min((parts[0] == "1" ? 1000 : 0) + thousandths, 1000)
  }

  /// How much `type` is wanted: by the most specific member that names it; 0 where none does.
  /// `versions`: of its `version` parameter, those that we write; a member that asks for another
  /// means another format.
  static func weight(of type: String, _ versions: Set<String>, in list: [MediaRange]) -> Int {
    let whole = type.prefix { $0 != "/" } + "/*"
    var best = (specificity: -1, weight: 0)
    for member in list {
      let specificity: Int
      switch member.name {
      case type:
        if let version = member.parameters["version"], !versions.contains(version) { continue }
        specificity = member.parameters["version"] == nil ? 2 : 3
      case String(whole): specificity = 1
      case "*/*": specificity = 0
      default: continue
      }
      if specificity > best.specificity { best = (specificity, member.weight) }
    }
    return best.weight
  }

  /// Whether a client would rather have gzip than the plain text.
  static func wantsGzip(_ list: [MediaRange]) -> Bool {
    let every = list.first { $0.name == "*" }?.weight
    let gzip = list.first { $0.name == "gzip" || $0.name == "x-gzip" }?.weight ?? every ?? 0
    // Unless it is named, the plain text is what is left when nothing else is wanted.
    let identity = list.first { $0.name == "identity" }?.weight ?? 0
    return gzip > 0 && gzip >= identity
  }
}
