/// An endpoint's slot in an outlier detector, held by whoever may still name the endpoint.
///
/// Why: attempts end after their endpoint has left the mesh, and on workers that have not heard of
/// that. A number that was given to the next endpoint at once would eject that one for what its
/// predecessor did; this one is given anew when the last reference to it is gone.
package final class OutlierMembership: Sendable {
  package let slot: Int
  private let detector: OutlierDetector

  package init(in detector: OutlierDetector) {
    self.detector = detector
    slot = detector.join()
  }

  deinit { detector.release(slot) }
}
