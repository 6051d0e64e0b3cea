import Foundation
import Primitives
import Testing

struct FailureTableTests {
  @Test func thePageSaysWhatTheTableSays() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/failures.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(rows.count == FailureKind.allCases.count)
    for kind in FailureKind.allCases {
      let row = kind.row
      let line =
        "| `\(row.name)` | \(row.side.rawValue) | \(row.stage.rawValue) | \(row.status)"
        + " | `\(kind.grpcStatus(status: row.status).name)` | `\(row.proxyStatus)` |"
      #expect(rows.contains { $0 == line }, "\(line)")
    }
  }

  @Test func namesAreDistinct() {
    #expect(Set(FailureKind.allCases.map(\.name)).count == FailureKind.allCases.count)
  }
}
