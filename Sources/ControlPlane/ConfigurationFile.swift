import Primitives
import ProxyConfiguration
import Reactor
import Routing

/// A configuration file: reads it, checks all of it, and sees when it has changed.
package struct ConfigurationFile: Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// The configuration, or every fault; patterns of routes are compiled too.
  package func load() throws(ConfigurationFaults) -> Configuration {
    let text: [UInt8]
    do throws(Errno) {
      text = try SystemFile.read(path)
    } catch {
      let message = "the file cannot be read: \(error)\(Self.hint(error))"
      throw ConfigurationFaults(
        faults: [ConfigurationFault(file: path, line: 1, column: 1, message: message)],
        isUnreadable: true)
    }
    return try ConfigurationReader.read(
      text, file: path, environment: ThisProcess.environment, pathFault: Self.pathFault)
  }

  package var stamp: SystemFile.Stamp? { SystemFile.stamp(path) }

  private static func hint(_ error: Errno) -> String {
    if error.isPermissionDenied { return "; let the user that runs weir read it" }
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
