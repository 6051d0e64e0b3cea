/// Boundaries: imports and unsafe code.
extension Rule {
  static let layers = [imports, unsafePlaces, unsafeReasons]

  private static let imports = Rule(
    title: "a target imports only what the design's table allows",
    folders: ["Sources"], planted: ("Sources/HTTP1/A.swift", "import Reactor")
  ) { file in
    file.code.enumerated().compactMap { number, line in
      // The import of a whole module, or of one declaration in it.
      guard
        let found = line.firstMatch(
          of: /^\s*(?:@\w+ |\w+ )*import (?:(?:struct|class|enum|func|let|var) )?(\w+)/)
      else { return nil }
      let module = String(found.1)
      if module == file.target || Layers.mayImport(file.target, module) { return nil }
      return "\(file.path):\(number + 1): \(file.target) may not import \(module)"
    }
  }

  private static let unsafePlaces = Rule(
    title: "unsafe code stands only where the design allows it",
    folders: ["Sources"], planted: ("Sources/DataPath/A.swift", "let a = unsafe b()")
  ) { file in
    guard !Layers.unsafe.contains(file.target) else { return [] }
    return file.findings(unsafe, "unsafe code in \(file.target)")
  }

  /// Each piece of unsafe code says why it holds: above it, or on the first lines inside of what it
  /// opens. Pieces that follow each other closely share a reason, and so do those of a file whose
  /// pointer is a stored property with a reason: its type's invariant.
  private static let unsafeReasons = Rule(
    title: "unsafe code has a reason beside it",
    folders: ["Sources", "Fuzzing"],
    planted: ("Sources/Reactor/A.swift", "// A reason is missing.\nlet a = unsafe b()")
  ) { file in
    let pointer = /\b(?:let|var) \w+: (?:Unsafe\w*Pointer|OpaquePointer)\b/
    if file.code.indices.contains(where: {
      file.code[$0].contains(pointer) && hasReason(file, $0)
    }) {
      return []
    }
    var last = -100
    return file.code.indices.compactMap { number in
      guard file.code[number].contains(/\bunsafe\b/) else { return nil }
      if hasReason(file, number) || number - last <= 3 {
        last = number
        return nil
      }
      return "\(file.path):\(number + 1): unsafe without // SAFETY:"
    }
  }

  private static func hasReason(_ file: SourceFile, _ number: Int) -> Bool {
    let around = max(0, number - reasonLinesMax)...min(number + 3, file.lines.count - 1)
    return file.lines[around].contains { $0.contains("// SAFETY:") }
  }

  /// How far above unsafe code its reason may stand.
  private static let reasonLinesMax = 8

  private static var unsafe: Regex<Substring> {
    /\bunsafe\b|\bUnsafe(?:Mutable)?(?:Raw)?(?:Buffer)?Pointer\b/
  }
}
