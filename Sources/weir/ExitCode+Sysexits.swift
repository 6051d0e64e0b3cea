import ArgumentParser

/// What the commands end with, by the names and numbers of sysexits(3); 0 and 1 beside them.
extension ExitCode {
  /// EX_USAGE: a wrong command line. The argument parser ends with it too.
  static let usage = ExitCode(64)
  /// EX_NOINPUT: a file that cannot be read.
  static let noInput = ExitCode(66)
  /// EX_UNAVAILABLE: an address, a log or a proxy that is not to be had.
  static let unavailable = ExitCode(69)
  /// EX_CANTCREAT: a file that cannot be written.
  static let cannotCreate = ExitCode(73)
  /// EX_CONFIG: a configuration that has faults.
  static let badConfiguration = ExitCode(78)
}
