import Primitives

/// Reads the mode of a Unix-domain socket's file, which is written as chmod(1) takes it.
enum SocketModeReader {
  /// Nil: none is given, or it was reported.
  static func read(
    _ section: Section, _ address: SocketAddress?, _ checker: inout SchemaChecker
  ) -> Int? {
    guard section.has("socket_mode"), let text = section.text("socket_mode") else { return nil }
    guard let mode = Scalars.octal(text) else {
      checker.report(
        section.mark("socket_mode"),
        "socket_mode must be an octal mode from 0000 to 0777, such as \"0660\", not \"\(text)\"")
      return nil
    }
    guard address?.path != nil else {
      checker.report(
        section.mark("socket_mode"),
        "socket_mode is for a unix: address that is a file's path; remove it")
      return nil
    }
    return mode
  }
}
