/// One request of the demo's traffic.
struct DemoRequest: Sendable {
  var method: String
  var path: String
  var body = ""
}
