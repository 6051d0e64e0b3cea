/// Why the files of a `tls` section cannot be used.
struct IdentityFault: Error, Equatable {
  /// Which of its keys is meant.
  var key: String
  var message: String
}
