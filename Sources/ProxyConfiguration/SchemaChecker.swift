import Primitives

/// Holds a document against the schema, finds every fault at once, and puts variables in.
struct SchemaChecker {
  private let file: String
  private let lookUp: (String) -> String?
  /// So many faults are told; who has more of them has one cause for most.
  static let faultsMax = 100
  /// The first that were found.
  private var faults: [ConfigurationFault] = []
  private var faultCount = 0
  /// Where the first fault stands that is not told.
  private var surplusMark: YAMLNode.Mark?
  /// Names that may still be compared with mistaken ones, so that a thousand mistakes among ten
  /// thousand names do not take a minute.
  var comparisonsLeft = 100_000

  init(file: String, lookUp: @escaping (String) -> String?) {
    self.file = file
    self.lookUp = lookUp
  }

  /// What is found now will be told.
  var isTelling: Bool { faults.count < Self.faultsMax }
  var hasFaults: Bool { faultCount > 0 }

  /// In the order of the file; behind them, how many more there are.
  var told: [ConfigurationFault] {
    var told = faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    if let mark = surplusMark {
      let more = faultCount - faults.count
      told.append(
        ConfigurationFault(
          file: file, line: mark.line, column: mark.column,
          message: "this and \(more - 1) more faults are not shown; mend those above first"))
    }
    return told
  }

  /// `message` is not asked for once enough is told.
  mutating func report(_ mark: YAMLNode.Mark, _ message: @autoclosure () -> String) {
    faultCount += 1
    guard isTelling else {
      surplusMark = surplusMark ?? mark
      return
    }
    faults.append(
      ConfigurationFault(file: file, line: mark.line, column: mark.column, message: message()))
  }

  /// Reports `message` at `key` of `section` where it is not so.
  mutating func hold(
    _ isSo: Bool, _ section: Section, _ key: String, _ message: @autoclosure () -> String
  ) {
    if !isSo { report(section.mark(key), message()) }
  }

  /// The value of a default, which is part of the schema and so is right.
  static func `default`(_ text: String, _ schema: Schema) -> Section.Value? {
    if case .list(let element) = schema {
      let items = text.isEmpty ? [] : text.split(separator: ", ").map(String.init)
      var checker = SchemaChecker(file: "", lookUp: { _ in nil })
      let mark = YAMLNode.Mark(line: 0, column: 0)
      return .list(
        items.compactMap { item in
          checker.check(YAMLNode(content: .scalar(item), mark: mark), element, "default")
        })
    }
    var checker = SchemaChecker(file: "", lookUp: { _ in nil })
    return checker.scalar(text, schema, YAMLNode.Mark(line: 0, column: 0), "default")
  }

  /// `path`: where the value stands, for messages.
  mutating func check(
    _ node: YAMLNode, _ schema: Schema, _ path: String
  ) -> Section.Located? {
    let value: Section.Value?
    switch (schema, node.content) {
    case (.list(let element), .list(let items)), (.oneOrMany(let element), .list(let items)):
      value = .list(
        items.enumerated().compactMap { check($1, element, "\(path)[\($0)]") })
    case (.oneOrMany(let element), _):
      value = check(node, element, path).map { .list([$0]) }
    case (.map(_, let element), .mapping(let entries)):
      value = .map(
        entries.compactMap { entry in
          check(entry.value, element, "\(path).\(entry.key)").map {
            (entry.key, entry.keyMark, $0)
          }
        })
    case (.object(let keys), .mapping(let entries)),
      (.either(_, let keys), .mapping(let entries)):
      value = .section(object(entries, keys, node.mark, path))
    case (.either(let short, _), .scalar(let text)): value = substituted(text, short, node, path)
    case (_, .scalar(let text)): value = substituted(text, schema, node, path)
    default:
      let hint = Self.hint(node, schema)
      report(
        node.mark, "\(path) must be \(Self.expected(schema)); this is \(node.kindName)\(hint)")
      value = nil
    }
    return value.map { Section.Located(value: $0, mark: node.mark) }
  }

  private mutating func object(
    _ entries: [YAMLNode.Entry], _ keys: [Schema.Key], _ mark: YAMLNode.Mark, _ path: String
  ) -> Section {
    var section = Section(mark: mark, keys: keys)
    for entry in entries {
      let place = path.isEmpty ? entry.key : "\(path).\(entry.key)"
      guard let key = keys.first(where: { $0.name == entry.key }) else {
        let meant = isTelling ? Self.nearest(to: entry.key, keys.map(\.name)) : nil
        if let meant { section.mistaken.insert(meant) }
        report(entry.keyMark, Self.unknown(entry.key, meant, path))
        continue
      }
      guard key.isBuilt else {
        report(entry.keyMark, "\(place) is not built yet; remove it")
        continue
      }
      if case .list(let items) = entry.value.content, items.isEmpty, key.isRequired {
        report(entry.value.mark, "\(place) is empty; give one")
      }
      if let value = check(entry.value, key.schema, place) {
        section.values[key.name] = value
      } else {
        section.mistaken.insert(key.name)
      }
    }
    // A key that was misspelt, or whose value is wrong, is told already.
    for key in keys
    where key.isRequired && section.values[key.name] == nil && !section.mistaken.contains(key.name)
    {
      if let (other, value) = key.exception, section.text(other) == value { continue }
      report(mark, "\(path.isEmpty ? "the file" : path) needs the key \(key.name)")
    }
    return section
  }

  private static func unknown(_ key: String, _ meant: String?, _ path: String) -> String {
    let place = path.isEmpty ? "at the top" : "in \(path)"
    guard let nearest = meant else {
      return "unknown key \(key) \(place); none may stand there"
    }
    return "unknown key \(key) \(place); did you mean \(nearest)?"
  }

  private mutating func substituted(
    _ text: String, _ schema: Schema, _ node: YAMLNode, _ path: String
  ) -> Section.Value? {
    switch Environment.substitute(text, lookUp) {
    case .success(let text): return scalar(text, schema, node.mark, path)
    case .failure(let fault):
      report(node.mark, "\(path): \(fault.message)")
      return nil
    }
  }

  private mutating func scalar(
    _ text: String, _ schema: Schema, _ mark: YAMLNode.Mark, _ path: String
  ) -> Section.Value? {
    if let value = Self.parse(text, schema) { return value }
    if case .choice(let choices) = schema, choices.contains(where: { $0.name == text }) {
      let built = choices.filter(\.isBuilt).map(\.name).joined(separator: ", ")
      report(mark, "\(path): \(text) is not built yet; use one of \(built)")
    } else {
      let given = text.isEmpty ? "but nothing stands there" : "not \"\(text)\""
      let hint = Self.hint(text, schema)
      report(mark, "\(path) must be \(Self.expected(schema)), \(given)\(hint)")
    }
    return nil
  }

  private static func parse(_ text: String, _ schema: Schema) -> Section.Value? {
    switch schema {
    case .text: return .text(text)
    case .boolean: return Scalars.boolean(text).map { .boolean($0) }
    case .integer(let range):
      return Scalars.integer(text).flatMap { range.contains($0) ? .integer($0) : nil }
    case .count(let range):
      if text == "off" { return .quantity(nil) }
      return Scalars.integer(text).flatMap { range.contains($0) ? .quantity($0) : nil }
    case .duration(let range, let mayBeOff):
      if text == "off", mayBeOff { return .duration(nil) }
      return Scalars.duration(text).flatMap { range.contains($0) ? .duration($0) : nil }
    case .size(let range, let mayBeOff):
      if text == "off", mayBeOff { return .quantity(nil) }
      return Scalars.size(text).flatMap { range.contains($0) ? .quantity($0) : nil }
    case .address(let mayBeName):
      let address = SocketAddress(text)
      // Port 0 is any free port, which nobody can call.
      let isAddress = address != nil && !(mayBeName && address?.port == 0)
      return isAddress || mayBeName && Scalars.namedAddress(text) != nil ? .text(text) : nil
    case .peer: return CIDR(text) != nil || SPIFFEPattern(text) != nil ? .text(text) : nil
    case .choice(let choices):
      return choices.contains { $0.isBuilt && $0.name == text } ? .text(text) : nil
    case .percentage(let range, let mayBeOff):
      if text == "off", mayBeOff { return .quantity(nil) }
      return Scalars.percentage(text).flatMap { range.contains($0) ? .quantity($0) : nil }
    case .statuses: return Scalars.statuses(text).map { .statuses($0) }
    case .condition(let words, let range):
      let isStatus = !text.isEmpty && Scalars.integer(text).map(range.contains) == true
      return words.contains(text) || isStatus ? .text(text) : nil
    case .list, .oneOrMany, .map, .object, .either: return nil
    }
  }
}
