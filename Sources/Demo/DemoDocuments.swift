/// What the demo's services answer: shaped like FHIR R4, made up throughout.
enum DemoDocuments {
  static func document(_ service: String, endpoint: Int) -> String {
    let resource =
      switch service {
      case "prescription": #""resourceType":"MedicationRequest","id":"rx-1","status":"active""#
      case "dispense": #""resourceType":"MedicationDispense","id":"d-7","status":"completed""#
      default: #""resourceType":"Medication","id":"m-3","code":{"text":"paracetamol 500 mg"}"#
      }
    return "{\(resource),\"answeredBy\":\"\(service)-\(endpoint)\"}\n"
  }
}
