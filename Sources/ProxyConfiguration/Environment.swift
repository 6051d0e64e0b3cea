/// Puts environment variables into configuration values: `${NAME}` and `${NAME:-default}`; `$$` is
/// a dollar sign. Only inside values, so that a variable cannot change the file's structure.
enum Environment {
  /// The text with all references replaced, or what is wrong with one of them.
  static func substitute(
    _ text: String, _ lookUp: (String) -> String?
  ) -> Result<String, Fault> {
    guard text.contains("$") else { return .success(text) }
    var result = ""
    var rest = Substring(text)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        result.append("$")
        rest.removeFirst()
        continue
      }
      guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
        return .failure(
          Fault(message: "a lone $; write $$ for a dollar sign, ${NAME} for a variable"))
      }
      let reference = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
      switch value(reference, lookUp) {
      case .success(let text): result += text
      case .failure(let fault): return .failure(fault)
      }
    }
    return .success(result + rest)
  }

  struct Fault: Error {
    var message: String
  }

  private static func value(
    _ reference: Substring, _ lookUp: (String) -> String?
  ) -> Result<String, Fault> {
    var name = reference
    var fallback: Substring?
    if let range = reference.firstRange(of: ":-") {
      name = reference[..<range.lowerBound]
      fallback = reference[range.upperBound...]
    }
    let isName =
      name.first?.isNumber == false
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    guard isName else {
      return .failure(Fault(message: "${\(reference)} does not name an environment variable"))
    }
    let found = lookUp(String(name)).flatMap { $0.isEmpty && fallback != nil ? nil : $0 }
    if let text = found ?? fallback.map(String.init) { return .success(text) }
    return .failure(
      Fault(
        message: "the environment variable \(name) is not set; set it or write ${\(name):-default}")
    )
  }
}
