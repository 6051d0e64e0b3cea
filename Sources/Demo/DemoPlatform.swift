/// The services of the demo, those of an e-prescription platform that its critical flows meet.
enum DemoPlatform {
  static let services: [DemoAnswer.Service] = [
    DemoAnswer.Service(
      name: "prescription", resource: "MedicationRequest",
      details: #""intent":"order","subject":{"reference":"Patient/p-5"},"#
        + #""medicationReference":{"reference":"Medication/m-3"},"#
        + #""dosageInstruction":[{"text":"1 tablet three times a day"}]"#,
      status: "active"),
    DemoAnswer.Service(
      name: "dispense", resource: "MedicationDispense",
      details: #""authorizingPrescription":[{"reference":"MedicationRequest/rx-1"}],"#
        + #""quantity":{"value":21,"unit":"tablet"}"#,
      status: "completed"),
    DemoAnswer.Service(
      name: "medication-directory", resource: "Medication",
      details: #""code":{"text":"paracetamol 500 mg"},"form":{"text":"tablet"}"#,
      status: "active"),
  ]
}
