/// The `code` label of a status: the number where it is registered, else its class (`2xx`), so that
/// an endpoint cannot make a series for each number there is.
enum StatusLabel {
  static func text(_ status: UInt16) -> String {
    isRegistered(status) ? "\(status)" : "\(status / 100)xx"
  }

  /// IANA's HTTP Status Code Registry, 418 as reserved; 499 is ours, and 520...527 and 530 are what
  /// the large edge networks answer.
  static func isRegistered(_ status: UInt16) -> Bool {
    switch status {
    case 100...104, 200...208, 226, 300...308, 400...418, 421...426, 428, 429, 431, 451, 499,
      500...508, 510, 511, 520...527, 530:
      true
    default: false
    }
  }
}
