/// Why certificates, keys or trust bundles cannot be used: a sentence that says what to mend.
package struct CredentialFault: Error, Equatable, Sendable {
  package var message: String

  package init(_ message: String) {
    self.message = message
  }
}
