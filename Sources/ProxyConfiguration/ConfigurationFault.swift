/// Something wrong with a configuration, and how to mend it.
package struct ConfigurationFault: Error, Equatable, Sendable, CustomStringConvertible {
  package var file: String
  /// From 1.
  package var line: Int
  package var column: Int
  package var message: String

  package init(file: String, line: Int, column: Int, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  package var description: String { "\(file):\(line):\(column): \(message)" }
}
