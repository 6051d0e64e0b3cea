/// The types of frames (RFC 9113 §6).
enum FrameType {
  static let data: UInt8 = 0
  static let headers: UInt8 = 1
  static let priority: UInt8 = 2
  static let resetStream: UInt8 = 3
  static let settings: UInt8 = 4
  static let pushPromise: UInt8 = 5
  static let ping: UInt8 = 6
  static let goAway: UInt8 = 7
  static let windowUpdate: UInt8 = 8
  static let continuation: UInt8 = 9

  /// Flags of DATA and HEADERS, and of SETTINGS and PING.
  static let endStream: UInt8 = 1
  static let acknowledgement: UInt8 = 1
}
