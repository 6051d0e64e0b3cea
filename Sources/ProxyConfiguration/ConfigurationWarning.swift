/// Something that works as written and is most likely not what was meant, and why.
///
/// No fault: a configuration with warnings is good.
package struct ConfigurationWarning: Equatable, Sendable, CustomStringConvertible {
  package var file: String
  /// From 1.
  package var line: Int
  package var column: Int
  package var message: String

  package var description: String { "\(file):\(line):\(column): warning: \(message)" }
}
