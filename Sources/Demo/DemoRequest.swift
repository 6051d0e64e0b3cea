import HTTPModel

/// One request of the demo's traffic.
struct DemoRequest: Sendable {
  var method: Method
  var path: String
  var body = ""
}
