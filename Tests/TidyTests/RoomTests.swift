import Testing

/// The folders of `DataPath`, which a newcomer reads in the order of the journey.
struct RoomTests {
  private static let folder = "Sources/DataPath/"
  /// Relative to `DataPath`.
  private static let files = Repository.paths.filter { $0.hasPrefix(folder) }
    .map { $0.dropFirst(folder.count).split(separator: "/").map(String.init) }

  @Test func atMostThreeFilesLieFlat() {
    #expect(Self.files.count > 50)
    #expect(Self.files.filter { $0.count == 1 }.count <= 3)
  }

  /// What an exchange knows stands in values of its own; it gains no further property.
  @Test func theExchangeKeepsFewProperties() {
    let lines = Repository.text("Sources/DataPath/Exchange/Exchange.swift").split(separator: "\n")
    let stored = lines.filter {
      $0.contains(/^  (private(\(set\))? )?(lazy )?(var|let) \w+[^{]*$/)
    }
    #expect(stored.count > 20)
    #expect(stored.count <= 25)
  }

  /// An exchange joins two streams and knows no codec: a protocol is named by its streams and by
  /// nobody else.
  @Test func onlyStreamsKnowTheirProtocol() {
    let users = Repository.sources(in: ["Sources/DataPath"]).filter {
      $0.lines.contains("import HTTP1") || $0.lines.contains("import HTTP2")
    }.map(\.path)
    #expect(users.count == 16)
    for path in users {
      let parts = path.split(separator: "/")
      #expect(parts[2] == "Downstream" || parts[2] == "Upstream", "\(path)")
      #expect(parts[3].hasPrefix("HTTP1") || parts[3].hasPrefix("HTTP2"), "\(path)")
    }
  }

  /// Who reads a name must not have to ask which of two types it is.
  @Test func aNameStandsForOneType() {
    var places: [String: [String]] = [:]
    for file in Repository.sources(in: ["Sources"]) {
      for match in file.lines.compactMap({
        $0.firstMatch(of: /^(?:[a-z@]+ )*(?:class|struct|enum) (\w+)/)
      }) {
        places[String(match.1), default: []].append(file.path)
      }
    }
    #expect(places.count > 300)
    #expect(places.filter { $0.value.count > 1 } == [:])
  }

  /// ARCHITECTURE.md walks the rooms that are there, and each of them.
  @Test func thePageWalksTheRooms() throws {
    let page = Repository.text("ARCHITECTURE.md")
    let begin = try #require(page.firstRange(of: "## The rooms of `DataPath`"))
    let rest = page[begin.upperBound...]
    let section = rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
    let rooms = section.matches(of: /(?m)^\| `(\w+)` \|/).map { String($0.1) }
    #expect(rooms.count == 9)
    #expect(Set(rooms) == Set(Self.files.filter { $0.count > 1 }.map { $0[0] }))
  }
}
