import HTTPModel
import Primitives

/// The services of the demo, those of an e-prescription platform that its critical flows meet, and
/// one that can wait.
enum DemoPlatform {
  /// The least replicas that such a platform has of a service, which an outlier needs too: one that
  /// is unlike the others.
  static let endpointCount = 3

  static let services: [DemoAnswer.Service] = [
    prescription, dispense, validation, directory, reporting,
  ]

  private static let prescription = DemoAnswer.Service(
    name: "prescription", resource: "MedicationRequest",
    details: #""intent":"order","subject":{"reference":"Patient/p-5"},"#
      + #""medicationReference":{"reference":"Medication/m-3"},"#
      + #""dosageInstruction":[{"text":"1 tablet three times a day"}]"#,
    status: "active", delay: .milliseconds(2), requestsPerSecond: 30,
    requests: [
      DemoRequest(method: .get, path: "/fhir/MedicationRequest/rx-1"),
      DemoRequest(method: .get, path: "/fhir/MedicationRequest?patient=p-5"),
      DemoRequest(
        method: .post, path: "/fhir/MedicationRequest",
        body: #"{"resourceType":"MedicationRequest"}"#),
    ])

  private static let dispense = DemoAnswer.Service(
    name: "dispense", resource: "MedicationDispense",
    details: #""authorizingPrescription":[{"reference":"MedicationRequest/rx-1"}],"#
      + #""quantity":{"value":21,"unit":"tablet"}"#,
    status: "completed", delay: .milliseconds(2), requestsPerSecond: 25,
    requests: [
      DemoRequest(method: .get, path: "/fhir/MedicationDispense?prescription=rx-1"),
      DemoRequest(
        method: .post, path: "/fhir/MedicationDispense",
        body: #"{"resourceType":"MedicationDispense"}"#),
    ])

  private static let validation = DemoAnswer.Service(
    name: "ai-validation", resource: "DetectedIssue",
    details: #""severity":"low","detail":"no interaction found""#,
    status: "final", delay: .milliseconds(20), requestsPerSecond: 30,
    requests: [
      DemoRequest(
        method: .post, path: "/fhir/DetectedIssue", body: #"{"resourceType":"DetectedIssue"}"#)
    ])

  private static let directory = DemoAnswer.Service(
    name: "medication-directory", resource: "Medication",
    details: #""code":{"text":"paracetamol 500 mg"},"form":{"text":"tablet"}"#,
    status: "active", delay: .milliseconds(1), requestsPerSecond: 40,
    requests: [
      DemoRequest(method: .get, path: "/fhir/Medication?code=paracetamol"),
      DemoRequest(method: .get, path: "/fhir/Medication/m-3"),
    ])

  private static let reporting = DemoAnswer.Service(
    name: "reporting", resource: "MeasureReport",
    details: #""type":"summary","group":[{"measureScore":{"value":0.98}}]"#,
    status: "complete", delay: .milliseconds(15), requestsPerSecond: 15,
    requests: [DemoRequest(method: .get, path: "/fhir/MeasureReport?period=2026-01")])
}
