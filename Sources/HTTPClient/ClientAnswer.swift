/// What a call of Weir's own was answered.
package struct ClientAnswer: Sendable {
  /// 200...599; 0: nothing was asked but a connection.
  package var status: UInt16
  /// In the order in which they came; names in lower case.
  package var fields: [(name: String, value: String)]
  /// Empty unless the call keeps it.
  package var body: [UInt8]

  package init(status: UInt16, fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// The first field of that name, which is in lower case.
  package func field(_ name: String) -> String? {
    fields.first { $0.name == name }?.value
  }
}
