/// How commands end, as sysexits(3) numbers it.
enum ExitStatus {
  /// A configuration or a scenario has faults.
  static let faults: Int32 = 1
  /// A file is missing, a folder, or may not be read.
  static let noInput: Int32 = 66
  static let unavailable: Int32 = 69
  static let cannotCreate: Int32 = 73
  static let badConfiguration: Int32 = 78
}
