/// One request of a load, but for its id: the generator adds `x-load-id`.
public struct LoadRequest: Sendable {
  public var method: String
  public var path: String
  /// Further lines of the head, each with its end.
  public var fields: String
  /// Sent with a Content-Length unless it is empty and the method has none by nature.
  public var body: String

  public init(
    _ method: String = "GET", _ path: String = "/", fields: String = "", body: String = ""
  ) {
    self.method = method
    self.path = path
    self.fields = fields
    self.body = body
  }

  /// A POST with a short body: what must not be done twice.
  public static let post = LoadRequest("POST", "/", body: "{\"act\":1}")

  func text(id: String) -> String {
    let needsLength = !body.isEmpty || method == "POST" || method == "PUT"
    let length = needsLength ? "Content-Length: \(body.utf8.count)\r\n" : ""
    return "\(method) \(path) HTTP/1.1\r\nHost: load\r\nConnection: close\r\nX-Load-Id: \(id)\r\n"
      + "\(length)\(fields)\r\n\(body)"
  }
}
