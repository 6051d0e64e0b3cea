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
