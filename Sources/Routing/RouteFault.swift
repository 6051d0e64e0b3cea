/// Why a route table could not be made.
package struct RouteFault: Error, Equatable, Sendable {
  /// The route's position.
  package var index: Int
  package var message: String
}
