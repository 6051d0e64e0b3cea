import WeirTesting

/// Parts of a load that a promise speaks of.
extension LoadReport {
  func only(_ method: String) -> LoadReport { LoadReport(records.filter { $0.method == method }) }

  /// Requests from `index` on.
  func from(_ index: Int) -> LoadReport { LoadReport(records.filter { $0.index >= index }) }

  func upTo(_ index: Int) -> LoadReport { LoadReport(records.filter { $0.index < index }) }

  var endpoints: Set<String> { Set(records.compactMap(\.endpoint)) }
}

extension LoadRequest {
  /// GET and POST in turn.
  static func alternating(_ index: Int) -> LoadRequest { index % 2 == 0 ? LoadRequest() : .post }

  static func reading(_ index: Int) -> LoadRequest { LoadRequest() }

  static func writing(_ index: Int) -> LoadRequest { .post }
}
