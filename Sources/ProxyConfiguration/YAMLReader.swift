import CYaml

/// Reads one YAML document through libyaml into nodes with their places.
///
/// Refused, because a configuration has no use for them and they hide what is written: aliases and
/// anchors, tags, several documents. A key that stands twice is reported beside the other faults
/// and its first value kept. Bounded: nesting of 32, and the caller bounds the text.
@safe struct YAMLReader {
  struct Fault: Error {
    var mark: YAMLNode.Mark
    var message: String
  }

  static let depthMax = 32

  /// Keys that stand twice.
  private var repetitions: [Fault] = []
  private let text: [UInt8]
  // SAFETY: initialised in `read`, deleted there, and used in between only.
  private var parser = unsafe yaml_parser_t()

  static func read(
    _ text: [UInt8]
  ) throws(Fault) -> (root: YAMLNode, repetitions: [Fault]) {
    var reader = YAMLReader(text: text)
    // SAFETY: the parser is initialised before use and deleted once; the text outlives it.
    let result: Result<YAMLNode, Fault> = unsafe text.withUnsafeBufferPointer { bytes in
      guard unsafe yaml_parser_initialize(&reader.parser) == 1 else {
        return .failure(Fault(mark: .init(line: 1, column: 1), message: "no memory to read it"))
      }
      defer { unsafe yaml_parser_delete(&reader.parser) }
      unsafe yaml_parser_set_input_string(&reader.parser, bytes.baseAddress, bytes.count)
      return Result { () throws(Fault) in try reader.document() }
    }
    return (try result.get(), reader.repetitions)
  }

  private init(text: [UInt8]) {
    self.text = text
  }

  private mutating func document() throws(Fault) -> YAMLNode {
    _ = try next()
    let start = try next()
    guard case .documentStart = start.kind else {
      throw Fault(mark: start.mark, message: "the file is empty; begin with listeners:")
    }
    let root = try node(try next(), depth: 0)
    _ = try next()
    let end = try next()
    guard case .streamEnd = end.kind else {
      throw Fault(mark: end.mark, message: "one document is expected, a second begins here")
    }
    return root
  }

  private mutating func node(_ event: Event, depth: Int) throws(Fault) -> YAMLNode {
    guard depth < Self.depthMax else {
      throw Fault(mark: event.mark, message: "nested more than \(Self.depthMax) deep")
    }
    switch event.kind {
    case .scalar(let text): return YAMLNode(content: .scalar(text), mark: event.mark)
    case .listStart:
      var items: [YAMLNode] = []
      while true {
        let item = try next()
        if case .listEnd = item.kind { break }
        items.append(try node(item, depth: depth + 1))
      }
      return YAMLNode(content: .list(items), mark: event.mark)
    case .mappingStart: return try mapping(event.mark, depth)
    case .refused(let what):
      throw Fault(mark: event.mark, message: "\(what) may not be used here; write the value out")
    case .documentStart, .documentEnd, .streamStart, .streamEnd, .listEnd, .mappingEnd:
      throw Fault(mark: event.mark, message: "a value is expected")
    }
  }

  private mutating func mapping(_ mark: YAMLNode.Mark, _ depth: Int) throws(Fault) -> YAMLNode {
    var entries: [YAMLNode.Entry] = []
    var lines: [String: Int] = [:]
    while true {
      let event = try next()
      if case .mappingEnd = event.kind { break }
      guard case .scalar(let key) = event.kind else {
        let message = YAMLProblem.badKey(line: line(event.mark.line - 1))
        throw Fault(mark: event.mark, message: message)
      }
      let value = try node(try next(), depth: depth + 1)
      if let first = lines[key] {
        let message = "the key \(key) stands twice, first in line \(first); remove one"
        repetitions.append(Fault(mark: event.mark, message: message))
        continue
      }
      lines[key] = event.mark.line
      entries.append(YAMLNode.Entry(key: key, keyMark: event.mark, value: value))
    }
    return YAMLNode(content: .mapping(entries), mark: mark)
  }

  // MARK: Events

  private struct Event {
    enum Kind {
      case streamStart, streamEnd, documentStart, documentEnd
      case listStart, listEnd, mappingStart, mappingEnd
      case scalar(String)
      case refused(String)
    }

    var kind: Kind
    var mark: YAMLNode.Mark
  }

  private mutating func next() throws(Fault) -> Event {
    var event = unsafe yaml_event_t()
    // SAFETY: the parser is initialised; the event is deleted below.
    guard unsafe yaml_parser_parse(&parser, &event) == 1 else { throw problem() }
    defer { unsafe yaml_event_delete(&event) }
    let start = unsafe event.start_mark
    let mark = YAMLNode.Mark(line: start.line + 1, column: start.column + 1)
    return Event(kind: unsafe Self.kind(event), mark: mark)
  }

  private static func kind(_ event: yaml_event_t) -> Event.Kind {
    // SAFETY: each branch reads the member of the union that the type names.
    switch unsafe event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_STREAM_END_EVENT: return .streamEnd
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_SEQUENCE_START_EVENT:
      return unsafe event.data.sequence_start.anchor == nil ? .listStart : .refused("an anchor")
    case YAML_SEQUENCE_END_EVENT: return .listEnd
    case YAML_MAPPING_START_EVENT:
      return unsafe event.data.mapping_start.anchor == nil ? .mappingStart : .refused("an anchor")
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      if unsafe scalar.anchor != nil { return .refused("an anchor") }
      if unsafe scalar.tag != nil { return .refused("a tag") }
      let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(unsafe String(decoding: bytes, as: UTF8.self))
    case YAML_ALIAS_EVENT: return .refused("an alias")
    default: return .refused("this")
    }
  }

  private func problem() -> Fault {
    let mark = unsafe parser.problem_mark
    // SAFETY: libyaml's messages are static C strings.
    let text = unsafe parser.problem.map { unsafe String(cString: $0) } ?? ""
    let begin = unsafe parser.context == nil ? nil : Int(parser.context_mark.line) + 1
    return Fault(
      mark: YAMLNode.Mark(line: mark.line + 1, column: mark.column + 1),
      message: YAMLProblem.message(text, begin: begin, line: line(Int(mark.line))))
  }

  /// The text of a line, counted from 0.
  private func line(_ number: Int) -> String {
    let lines = text.split(separator: 0x0A, maxSplits: number + 1, omittingEmptySubsequences: false)
    return number < lines.count ? String(decoding: lines[number], as: UTF8.self) : ""
  }
}
