/// Which rows of `weir top` are shown, and in which order: what the keys and the options decide.
package struct TopView: Sendable, Equatable {
  package enum Order: String, Sendable, CaseIterable {
    case name, rate, errors, p99
    case inFlight = "in-flight"

    /// The key that chooses it.
    var key: Character {
      switch self {
      case .name: "n"
      case .rate: "r"
      case .errors: "e"
      case .p99: "p"
      case .inFlight: "i"
      }
    }
  }

  enum Command: Equatable {
    case quit
  }

  /// Nil: all kinds.
  package var kind: TopRow.Kind?
  package var order = Order.name
  /// Rows whose name, upstream, state or last error contain it, whatever the case.
  package var filter = ""
  private(set) var isTyping = false
  private(set) var isPaused = false
  private(set) var showsHelp = false
  /// The first row that is shown.
  private(set) var offset = 0

  package init() {}

  mutating func press(_ key: ScreenKey) -> Command? {
    if isTyping {
      type(key)
      return nil
    }
    switch key {
    case .down: offset += 1
    case .up: offset = max(offset - 1, 0)
    case .escape: filter = ""
    case .character(let character): return press(character)
    case .left, .right, .enter, .backspace, .suspend: break
    }
    return nil
  }

  private mutating func press(_ character: Character) -> Command? {
    switch character {
    case "q": return .quit
    case "?", "h": showsHelp.toggle()
    case "/": isTyping = true
    case " ": isPaused.toggle()
    case "a": kind = nil
    case "1": kind = .route
    case "2": kind = .upstream
    case "3": kind = .endpoint
    default:
      guard let chosen = Order.allCases.first(where: { $0.key == character }) else { return nil }
      order = chosen
    }
    offset = 0
    return nil
  }

  private mutating func type(_ key: ScreenKey) {
    offset = 0
    switch key {
    case .character(let character): filter.append(character)
    case .backspace: filter = String(filter.dropLast())
    case .enter: isTyping = false
    case .escape:
      isTyping = false
      filter = ""
    case .up, .down, .left, .right, .suspend: break
    }
  }

  /// The rows that are meant, in order; those of the same rank by name.
  package func chosen(_ rows: [TopRow]) -> [TopRow] {
    let wanted = filter.lowercased()
    let meant = rows.filter { row in
      (kind == nil || row.kind == kind)
        && (wanted.isEmpty
          || [row.name, row.upstream, row.state, row.lastError].contains {
            $0.lowercased().contains(wanted)
          })
    }
    if order == .name { return meant }
    return meant.enumerated().sorted { a, b in
      let (x, y) = (rank(a.element), rank(b.element))
      return x == y ? a.offset < b.offset : x > y
    }.map(\.element)
  }

  private func rank(_ row: TopRow) -> Double {
    switch order {
    case .name: 0
    case .rate: row.requestsPerSecond
    case .errors: row.errorsPerSecond
    case .p99: Double(row.p99 ?? -1)
    case .inFlight: Double(row.inFlight ?? -1)
    }
  }
}
