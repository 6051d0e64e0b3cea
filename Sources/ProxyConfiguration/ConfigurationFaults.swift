/// All that is wrong with a configuration, in the order of the file.
package struct ConfigurationFaults: Error, Sendable {
  package var faults: [ConfigurationFault]

  package init(faults: [ConfigurationFault]) {
    self.faults = faults
  }
}
