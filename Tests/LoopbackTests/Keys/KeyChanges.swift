import ProxyConfiguration

/// Other values for a key, by the value that it has.
enum KeyChanges {
  /// The document with the key changed at each place where it stands, each with every value that
  /// may be one. `name`: as in the reference, `listeners[].routes[].timeout`.
  static func documents(_ document: JSONValue, _ name: String, choices: [String]) -> [JSONValue] {
    let path = name.split(separator: ".").flatMap { part -> [Substring] in
      part.hasSuffix("[]") ? [part.dropLast(2), "[]"] : [part]
    }
    return changed(document, path[...], choices)
  }

  private static func changed(
    _ value: JSONValue, _ path: ArraySlice<Substring>, _ choices: [String]
  ) -> [JSONValue] {
    guard let step = path.first else { return others(value, choices) }
    let rest = path.dropFirst()
    switch value {
    case .list(let items) where step == "[]":
      return items.indices.flatMap { index in
        changed(items[index], rest, choices).map { fresh in
          var copy = items
          copy[index] = fresh
          return .list(copy)
        }
      }
    case .object(let members):
      // A mapping may stand where a list of such may.
      if step == "[]" { return changed(value, rest, choices) }
      return members.indices.flatMap { index -> [JSONValue] in
        guard step == "<name>" || members[index].0 == step else { return [] }
        return changed(members[index].1, rest, choices).map { fresh in
          var copy = members
          copy[index].1 = fresh
          return .object(copy)
        }
      }
    default: return []
    }
  }

  private static func others(_ value: JSONValue, _ choices: [String]) -> [JSONValue] {
    switch value {
    case .number(let number): return [.number(number + 1), .number(number - 1)]
    case .boolean(let isOn): return [.boolean(!isOn)]
    case .null: return []
    case .text(let text): return texts(text, choices).map { .text($0) }
    case .list(let items):
      guard let first = items.first else { return choices.map { .list([.text($0)]) } }
      return others(first, choices).map { .list([$0] + items.dropFirst()) } + [.list([])]
        + (items.count > 1 ? [.list(Array(items.dropFirst()))] : [])
    case .object(let members):
      // Names to values.
      guard let first = members.first else { return [] }
      return others(first.1, choices).map { .object([(first.0, $0)] + members.dropFirst()) }
    }
  }

  private static func texts(_ text: String, _ choices: [String]) -> [String] {
    if text == "off" { return ["7s", "49%", "150%", "7", "7KiB"] }
    let digits = text.prefix { $0.isNumber }
    let unit = text.dropFirst(digits.count)
    if let number = Int(digits), !unit.isEmpty, unit.allSatisfy({ $0.isLetter || $0 == "%" }) {
      return ["\(number + 1)\(unit)", "\(number - 1)\(unit)"]
    }
    if text.contains("%") { return ["49%", "150%", "99%"] }
    let spoken = choices.filter { $0 != text }
    return spoken
      + [
        text + "x", "x" + text, "400-499", "10.9.0.0/16", "127.0.0.1:65001", "u", "v", "w", "POST",
      ]
  }
}
