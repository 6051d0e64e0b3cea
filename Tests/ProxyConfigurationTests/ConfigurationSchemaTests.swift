import Foundation
import ProxyConfiguration
import Testing

struct ConfigurationSchemaTests {
  /// With `WEIR_WRITE_DOCUMENTS=1` the file is written anew instead.
  @Test(arguments: [
    ("weir", ConfigurationSchema.text), ("scenario", ConfigurationSchema.scenarioText),
  ])
  func theFileIsMadeFromTheSchema(name: String, text: String) throws {
    let file = Repository.root.appending(path: "config/\(name).schema.json")
    if ProcessInfo.processInfo.environment["WEIR_WRITE_DOCUMENTS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == text)
  }

  /// What an independent validator prints about files, and its exit code.
  private func validate(_ files: [String]) throws -> (text: String, code: Int32) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = Repository.root.appending(path: "scripts/validate")
    process.arguments = files
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }

  @Test func aValidatorTakesTheExamples() throws {
    let files = try Repository.examples.map { "\(Repository.root.path)/config/\($0)" }
    let result = try validate(files)
    #expect(result.code == 0 && result.text.isEmpty, "\(result.text)")
  }

  @Test func aValidatorTakesTheScenarios() throws {
    let folder = Repository.root.appending(path: "config/scenarios")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .map { folder.appending(path: $0).path }
    let result = try validate(["--scenario"] + files)
    #expect(!files.isEmpty && result.code == 0 && result.text.isEmpty, "\(result.text)")
  }

  /// An editor checks an example by itself: its first line names the schema.
  @Test func examplesNameTheirSchema() throws {
    let line = "# yaml-language-server: $schema="
    for file in try Repository.examples {
      let text = try Repository.text("config/\(file)")
      #expect(text.hasPrefix(line + "weir.schema.json\n"), "\(file)")
    }
    let scenarios = Repository.root.appending(path: "config/scenarios")
    for file in try FileManager.default.contentsOfDirectory(atPath: scenarios.path) {
      let text = try Repository.text("config/scenarios/\(file)")
      #expect(text.hasPrefix(line + "../scenario.schema.json\n"), "\(file)")
    }
  }

  /// Each planted fault is refused by `weir check` and by a validator that knows the schema alone.
  @Test func aValidatorRefusesWhatCheckRefuses() throws {
    try expectRefused(PlantedFaults.configuration, []) { text in
      _ = try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
    }
  }

  @Test func aValidatorRefusesScenariosThatSimulateRefuses() throws {
    try expectRefused(PlantedFaults.scenario, ["--scenario"]) { text in
      _ = try ScenarioReader.read(Array(text.utf8), file: "f")
    }
  }

  /// One validator run for all: it takes a moment to start.
  private func expectRefused(
    _ planted: PlantedFaults, _ options: [String], read: (String) throws -> Void
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var files = [folder.appending(path: "good.yaml").path]
    try planted.good.write(toFile: files[0], atomically: true, encoding: .utf8)
    #expect(throws: Never.self) { try read(planted.good) }
    for (index, (old, new)) in planted.faults.enumerated() {
      let text = planted.good.replacingOccurrences(of: old, with: new)
      #expect(text != planted.good, "nothing was planted by \(old)")
      #expect(throws: ConfigurationFaults.self, "weir takes \(new)") { try read(text) }
      files.append(folder.appending(path: "\(index).yaml").path)
      try text.write(toFile: files[index + 1], atomically: true, encoding: .utf8)
    }
    let lines = try validate(options + files).text
    #expect(!lines.contains(files[0]), "\(lines)")
    for (index, (_, new)) in planted.faults.enumerated() {
      #expect(lines.contains(files[index + 1] + ": "), "the validator takes \(new)")
    }
  }
}
