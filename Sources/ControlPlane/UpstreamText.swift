/// `/upstreams` for a person.
enum UpstreamText {
  static func table(_ views: [UpstreamView], _ limits: (String) -> String) -> String {
    var text = ""
    for view in views {
      text += "\(view.name)  \(limits(view.name))\n"
      let width = max(view.endpoints.map(\.address.count).max() ?? 0, 8)
      text += "  \(padded("endpoint", width))  in flight  connections  idle\n"
      for endpoint in view.endpoints {
        text += "  \(padded(endpoint.address, width))  \(right(endpoint.inFlight, 9))  "
        text += "\(right(endpoint.connections, 11))  \(right(endpoint.idle, 4))\n"
      }
    }
    return text
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }

  private static func right(_ number: Int, _ width: Int) -> String {
    let text = "\(number)"
    return String(repeating: " ", count: max(width - text.count, 0)) + text
  }
}
