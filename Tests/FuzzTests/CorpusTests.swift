import Foundation
import Testing
import WeirTesting

/// Every file of the fuzzing corpus once more, so that what was found stays found without libFuzzer.
struct CorpusTests {
  /// One file of a target's folder, whose name says what is in it.
  struct Input: CustomTestStringConvertible {
    var target: FuzzTarget
    var file: URL
    var testDescription: String { "\(target.rawValue)/\(file.lastPathComponent)" }
  }

  private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzzing/corpus")

  private static func files(of target: FuzzTarget) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: corpus.appending(path: target.rawValue), includingPropertiesForKeys: nil)
  }

  private static let inputs = FuzzTarget.allCases.flatMap { target in
    ((try? files(of: target)) ?? []).map { Input(target: target, file: $0) }
  }

  /// A violated property traps: it ends the whole run, as in the fuzzer.
  @Test(arguments: inputs) func holdsWhatTheTargetPromises(input: Input) throws {
    let bytes = try [UInt8](Data(contentsOf: input.file))
    input.target.run(bytes)
    // The head of each input too: bytes that end too soon are the commonest fault.
    input.target.run(Array(bytes.prefix(bytes.count / 2)))
  }

  @Test(arguments: FuzzTarget.allCases) func hasACorpus(target: FuzzTarget) throws {
    #expect(try Self.files(of: target).count >= 5)
  }
}
