/// All that is wrong with a configuration, in the order of the file.
package struct ConfigurationFaults: Error, Sendable {
  package var faults: [ConfigurationFault]
  /// There was nothing to check: the file could not be read.
  package var isUnreadable: Bool

  package init(faults: [ConfigurationFault], isUnreadable: Bool = false) {
    self.faults = faults
    self.isUnreadable = isUnreadable
  }
}
