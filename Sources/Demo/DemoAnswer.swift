import Primitives

/// What a service of the demo says: shaped like FHIR R4, made up throughout.
struct DemoAnswer: Sendable {
  var status: Int
  var location: String?
  var body: String

  /// A platform's service, as far as the demo needs it.
  struct Service: Sendable {
    var name: String
    /// What it keeps.
    var resource: String
    var prefix: String { "/fhir/\(resource)" }
    /// The members of one resource beside its type, id and status.
    var details: String
    var status: String
    /// How long each of its answers takes, as if there were work.
    var delay: Duration
    /// The rate of the demo's own traffic, and what it asks for in turn.
    var requestsPerSecond: Int
    var requests: [DemoRequest]
  }

  /// The answer of a service that has trouble of its own.
  static let failure = outcome(
    503, "transient", "made to fail, for the demo")

  static func answer(
    _ method: String, _ path: String, of service: Service, endpoint: String, count: Int
  ) -> DemoAnswer {
    if path == "/health" {
      let body = #"{"status":"up","service":"\#(service.name)","endpoint":"\#(endpoint)"}"#
      return DemoAnswer(status: 200, body: body + "\n")
    }
    let rest = path.dropFirst(service.prefix.count)
    guard path.hasPrefix(service.prefix), rest.isEmpty || rest.hasPrefix("/") else {
      return outcome(404, "not-found", "there is no \(service.name) under this path")
    }
    let id = rest.dropFirst()
    switch method {
    case "GET", "HEAD":
      let body =
        id.isEmpty
        ? bundle(resource(service, "\(service.resource.lowercased())-1", endpoint))
        : isID(id) ? resource(service, String(id), endpoint) : nil
      guard let body else { return outcome(400, "value", "that is not a FHIR id") }
      return DemoAnswer(status: 200, body: body + "\n")
    case "POST" where id.isEmpty:
      let fresh = "\(endpoint)-\(count)"
      return DemoAnswer(
        status: 201, location: "\(service.prefix)/\(fresh)",
        body: resource(service, fresh, endpoint) + "\n")
    default:
      return outcome(405, "not-supported", "GET, or POST without an id")
    }
  }

  /// FHIR's `id`: what is echoed holds nothing else.
  private static func isID(_ id: Substring) -> Bool {
    id.utf8.count <= 64
      && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
  }

  private static func resource(_ service: Service, _ id: String, _ endpoint: String) -> String {
    #"{"resourceType":"\#(service.resource)","id":"\#(id)","meta":{"source":"\#(endpoint)"},"#
      + #""status":"\#(service.status)",\#(service.details)}"#
  }

  private static func bundle(_ resource: String) -> String {
    #"{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"resource":\#(resource)}]}"#
  }

  private static func outcome(_ status: Int, _ code: String, _ text: String) -> DemoAnswer {
    let issue = #"{"severity":"error","code":"\#(code)","diagnostics":"\#(text)"}"#
    return DemoAnswer(
      status: status, body: #"{"resourceType":"OperationOutcome","issue":[\#(issue)]}"# + "\n")
  }
}
