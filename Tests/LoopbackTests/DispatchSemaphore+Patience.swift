import Foundation
import WeirTesting

extension DispatchSemaphore {
  /// Waits for a signal; false: none came within the tests' patience.
  func comes() -> Bool { wait(timeout: .now() + .seconds(Patience.seconds)) == .success }
}
