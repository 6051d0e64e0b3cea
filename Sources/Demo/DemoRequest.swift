/// One request of the demo's traffic.
struct DemoRequest: Sendable {
  /// The position of the service in `NDPDemo.services`.
  var service: Int
  var method: String
  var path: String
  var body = ""

  /// As many reads as there are on such a platform for each thing that is written.
  static let mix: [DemoRequest] = [
    DemoRequest(service: 0, method: "GET", path: "/fhir/MedicationRequest/rx-1"),
    DemoRequest(service: 2, method: "GET", path: "/fhir/Medication?code=paracetamol"),
    DemoRequest(
      service: 0, method: "POST", path: "/fhir/MedicationRequest",
      body: #"{"resourceType":"MedicationRequest"}"#),
    DemoRequest(service: 1, method: "GET", path: "/fhir/MedicationDispense?prescription=rx-1"),
    DemoRequest(service: 2, method: "GET", path: "/fhir/Medication/m-3"),
    DemoRequest(
      service: 1, method: "POST", path: "/fhir/MedicationDispense",
      body: #"{"resourceType":"MedicationDispense"}"#),
  ]
}
