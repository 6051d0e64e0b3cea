import Primitives

/// What the checker says of values.
extension SchemaChecker {
  /// What a value of the schema looks like, for a person.
  static func expected(_ schema: Schema) -> String {
    switch schema {
    case .text(let what): return what
    case .boolean: return "true or false"
    case .integer(let range):
      return "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .count(let range):
      return "a whole number from \(range.lowerBound) to \(range.upperBound), or off"
    case .duration(let range, let mayBeOff):
      let ends = "\(Scalars.text(range.lowerBound)) to \(Scalars.text(range.upperBound))"
      return "a duration such as 250ms, 5s or 1m, from \(ends)\(mayBeOff ? ", or off" : "")"
    case .size(let range, let mayBeOff):
      let ends =
        "\(Scalars.text(bytes: range.lowerBound)) to \(Scalars.text(bytes: range.upperBound))"
      return "a size such as 64KiB or 1MiB, from \(ends)\(mayBeOff ? ", or off" : "")"
    case .address(let mayBeName):
      let forms = "127.0.0.1:8080, [::1]:8080 or unix:/run/app.sock"
      return "an address such as \(forms)\(mayBeName ? ", or host:port" : "")"
    case .peer:
      return
        "a block of addresses such as 10.0.0.0/8 or fd00::/8, or SPIFFE ids such as spiffe://ndp.test/*"
    case .choice(let choices):
      return "one of \(choices.filter(\.isBuilt).map(\.name).joined(separator: ", "))"
    case .percentage(let range, let mayBeOff):
      let ends =
        "\(Scalars.text(basisPoints: range.lowerBound)) to \(Scalars.text(basisPoints: range.upperBound))"
      return "a percentage such as 20% or 12.5%, from \(ends)\(mayBeOff ? ", or off" : "")"
    case .statuses: return "a status such as 503, or a range such as 500-599"
    case .condition(let words, let range):
      let statuses = "a status from \(range.lowerBound) to \(range.upperBound)"
      return "one of \(words.joined(separator: ", ")), or \(statuses)"
    case .list(let element): return "a list, each \(expected(element))"
    case .oneOrMany(let element): return "\(expected(element)), or a list of such"
    case .map(let what, _): return "a mapping of \(what)"
    case .object: return "a mapping"
    case .either(let short, _): return "\(expected(short)), or a mapping"
    }
  }

  /// The word that `text` was most likely meant to be; of equally near ones that with the longer
  /// common beginning, for people mistake ends more often.
  static func nearest(to text: String, _ words: [String]) -> String? {
    var best: (word: String, distance: Int)?
    for word in words {
      let distance = distance(text, word)
      if let known = best {
        if distance > known.distance { continue }
        let isLonger = text.commonPrefix(with: word) > text.commonPrefix(with: known.word)
        if distance == known.distance, !isLonger { continue }
      }
      best = (word, distance)
    }
    return best?.word
  }

  /// Levenshtein's distance.
  static func distance(_ left: String, _ right: String) -> Int {
    let target = Array(right.utf8)
    var row = Array(0...target.count)
    for (i, a) in left.utf8.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in target.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
        diagonal = above
      }
    }
    return row[target.count]
  }
}

/// How to mend the values that are often written wrong.
extension SchemaChecker {
  /// For a list or a mapping where something else belongs.
  static func hint(_ node: YAMLNode, _ schema: Schema) -> String {
    switch (schema, node.content) {
    case (.list, .mapping): "; begin each entry with \"- \""
    case (.object, .list), (.map, .list): "; leave out the - before its keys"
    default: ""
    }
  }

  /// For the scalar `text`, which is not what `schema` wants.
  static func hint(_ text: String, _ schema: Schema) -> String {
    switch schema {
    case .list where !text.isEmpty: "; write [\(text)]"
    case .object where text.isEmpty, .map where text.isEmpty, .either where text.isEmpty:
      "; indent its keys below it or remove it"
    case .object(let keys): keysHint(text, keys)
    case .integer where text.hasPrefix("-"): ""
    case .duration(let range, _) where Scalars.integer(text) != nil && !text.isEmpty:
      unitHint(text, range)
    case .duration(let range, _): UnitHint.duration(text, range)
    case .size where Scalars.integer(text) != nil && !text.isEmpty: "; add the unit: \(text)B"
    case .size(let range, _): UnitHint.size(text, range)
    case .integer(let range), .count(let range): UnitHint.number(text, range)
    case .boolean: booleanHint(text)
    case .choice(let choices): choiceHint(text, choices.filter(\.isBuilt).map(\.name))
    case .percentage(let range, _): percentageHint(text, range)
    case .statuses: classHint(text)
    case .condition(let words, _): nearest(text, words)
    case .address(let mayBeName): addressHint(text, mayBeName)
    default: ""
    }
  }

  /// `true` asks for the defaults; else the keys that might be meant.
  private static func keysHint(_ text: String, _ keys: [Schema.Key]) -> String {
    let built = keys.filter(\.isBuilt)
    if ["true", "on", "yes", "enabled"].contains(text), !built.contains(where: \.isRequired) {
      return "; {} stands for its defaults"
    }
    let names = built.prefix(4).map(\.name).joined(separator: ", ")
    if built.count == 1 { return "; its key is \(names)" }
    return built.isEmpty ? "" : "; its keys are \(names)\(built.count > 4 ? ", …" : "")"
  }

  /// HAProxy takes a bare number for milliseconds, others for seconds: whichever may stand there.
  private static func unitHint(_ text: String, _ range: ClosedRange<Duration>) -> String {
    let fitting = [text + "s", text + "ms"].filter {
      Scalars.duration($0).map(range.contains) == true
    }
    return fitting.isEmpty ? "" : "; add the unit: \(fitting.joined(separator: " or "))"
  }

  /// `0.5` means half, not half a percent; so does a factor such as `1.9` where more than all may be
  /// asked for.
  private static func percentageHint(_ text: String, _ range: ClosedRange<Int>) -> String {
    if text.hasSuffix("%"), !text.contains(" ") { return "" }
    let text = text.filter { $0 != " " && $0 != "%" }
    guard let plain = Scalars.percentage(text + "%") else { return "" }
    let isFraction = text.contains(".") && (plain <= 100 || range.upperBound > 10_000)
    if isFraction, range.contains(plain * 100) {
      return "; write \(Scalars.text(basisPoints: plain * 100))"
    }
    return range.contains(plain) ? "; add the sign: \(text)%" : ""
  }

  /// YAML 1.1's words, and other cases.
  private static func booleanHint(_ text: String) -> String {
    switch text.lowercased() {
    case "true", "yes", "on", "enabled", "1": "; write true"
    case "false", "no", "off", "disabled", "0": "; write false"
    default: ""
    }
  }

  /// What peers call the same.
  private static let otherNames = [
    "rr": "round_robin", "wrr": "round_robin", "leastconn": "least_request",
    "leastconnections": "least_request", "p2c": "least_request", "ewma": "peak_ewma",
    "ketama": "ring_hash", "consistenthash": "ring_hash", "iphash": "ring_hash",
    "sourcehash": "ring_hash", "on": "enforced", "enabled": "enforced", "off": "disabled",
  ]

  private static func choiceHint(_ text: String, _ names: [String]) -> String {
    func plain(_ word: String) -> String { word.lowercased().filter { $0.isLetter || $0.isNumber } }
    let word = plain(text)
    guard !word.isEmpty else { return "" }
    if let name = names.first(where: { plain($0) == word }) { return "; write \(name)" }
    if let name = otherNames[word], names.contains(name) { return "; write \(name)" }
    guard let name = nearest(to: word, names), distance(word, plain(name)) * 2 <= word.utf8.count
    else { return "" }
    return "; did you mean \(name)?"
  }

  /// `5xx` is how peers write it.
  private static func classHint(_ text: String) -> String {
    guard text.utf8.count == 3, let digit = text.first, ("1"..."5").contains(digit),
      text.dropFirst().lowercased() == "xx"
    else { return "" }
    return "; write \(digit)00-\(digit)99"
  }

  private static func nearest(_ text: String, _ words: [String]) -> String {
    let isWord = text.contains { $0.isLetter }
    return isWord ? nearest(to: text, words).map { "; did you mean \($0)?" } ?? "" : ""
  }

  private static func addressHint(_ text: String, _ mayBeName: Bool) -> String {
    let afterColon = text.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
    let isPort = SocketAddress.port(afterColon) != nil
    if text.contains("://") { return "; leave the scheme out, and the path" }
    if mayBeName {
      if isPort, afterColon == "0" { return "; port 0 cannot be called" }
      if IPAddress(text) != nil, text.contains(":") { return "; add the port: [\(text)]:80" }
      return text.contains(":") ? "" : "; add the port: \(text):80"
    }
    if IPAddress(text) != nil {
      return "; add a port: \(text.contains(":") ? "[\(text)]" : text):8080"
    }
    if isPort, ["", ":", "*:"].contains(text.dropLast(afterColon.count)) {
      return "; for every address of the machine write 0.0.0.0:\(afterColon)"
    }
    if text.hasPrefix("localhost:") { return "; write 127.0.0.1:\(afterColon)" }
    if Scalars.namedAddress(text) != nil { return "; a listener needs an address, not a name" }
    if text.hasPrefix("/") { return "; for a path write unix:\(text)" }
    if text == "*" || text == "localhost" {
      return "; add a port: \(text == "*" ? "0.0.0.0" : "127.0.0.1"):8080"
    }
    if !text.isEmpty, afterColon.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !isPort {
      return "; ports go to 65535"
    }
    return ""
  }
}

extension String {
  /// How many characters both begin with.
  fileprivate func commonPrefix(with other: String) -> Int {
    zip(self, other).prefix { $0 == $1 }.count
  }
}
