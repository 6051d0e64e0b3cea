import Primitives
import ProxyConfiguration
import Reactor
import Routing

/// A configuration file: reads it, checks all of it, and sees when it has changed.
package struct ConfigurationFile: Sendable {
  package let path: String

  /// What stands in the binary; nil: the file is read.
  private let builtIn: [UInt8]?

  package init(path: String) {
    self.path = path
    builtIn = nil
  }

  /// A configuration that this binary brings along, under a name for messages.
  package init(builtIn text: String, named name: String) {
    path = name
    builtIn = Array(text.utf8)
  }

  /// It is standard input, which can be read once.
  package var isStandardInput: Bool { path == "-" }

  /// The configuration, or every fault; patterns of routes are compiled too. Cost: linear in the
  /// text; any thread.
  package func load() throws(ConfigurationFaults) -> Configuration {
    try ConfigurationReader.read(
      try text(), file: isStandardInput ? "standard input" : path,
      environment: ThisProcess.environment, pathFault: Self.pathFault,
      tlsFault: IdentityFiles.fault)
  }

  /// What it holds.
  package func text() throws(ConfigurationFaults) -> [UInt8] {
    if let builtIn { return builtIn }
    do throws(Errno) {
      return try SystemFile.read(isStandardInput ? "/dev/stdin" : path)
    } catch {
      let message = "the file cannot be read: \(error)\(Self.hint(error))"
      throw ConfigurationFaults(
        faults: [ConfigurationFault(file: path, line: 1, column: 1, message: message)],
        isUnreadable: true)
    }
  }

  /// Nil: there is no such file, or it is standard input or built in, which do not change.
  package var stamp: SystemFile.Stamp? {
    isStandardInput || builtIn != nil ? nil : SystemFile.stamp(path)
  }

  private static func hint(_ error: Errno) -> String {
    if error.isPermissionDenied { return "; let the user that runs weir read it" }
    if error.isDirectory { return "; give a file in that folder" }
    return error.isMissing ? "; check the path" : ""
  }

  /// A pattern that does not compile, or a path that no request has once it is normalised.
  private static func pathFault(
    _ path: RouteConfiguration.Path, mergesSlashes: Bool
  ) -> String? {
    switch path {
    case .regex(let pattern):
      do throws(RouteFault) {
        _ = try RouteTable([RouteMatch(path: .regex(pattern))])
        return nil
      } catch {
        return "is not a regular expression: \(error.message)"
      }
    case .exact(let text), .prefix(let text):
      let bytes = Array(text.utf8)
      let out = Buffer(capacity: max(bytes.count, 1))
      switch PathNormalization.normalize(bytes.span, mergesSlashes: mergesSlashes, into: out) {
      case .unchanged: return nil
      case .refused: return "never matches: no request with such a path is let through"
      case .rewritten:
        let span = out.readable
        let normal = String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
        return normal == text
          ? nil : "never matches: paths are normalised first; write \(normal)"
      }
    }
  }
}
