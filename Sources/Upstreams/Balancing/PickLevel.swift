/// A priority of a view, as health and breakers leave it.
struct PickLevel: Sendable {
  /// In 2^32nds: a draw below it goes here, if it did not go to one before.
  var cut: UInt64 = 0
  var isPanic = false
  var groupStart = 0
  var groupCount = 0
  var eligible = 0
  /// Endpoints that are not eligible though their breakers admit them; they stand behind the
  /// eligible ones. The first of them are ejected and healthy.
  var spares = 0
  var ejected = 0
  /// The weight of the eligible endpoints, by which bounded load is measured.
  var weight: UInt64 = 0
  var active = 0
}
