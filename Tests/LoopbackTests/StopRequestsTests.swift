import ControlPlane
import Testing

/// Every order of up to four requests to stop.
struct StopRequestsTests {
  @Test func theSecondSignalEndsAtOnceAndNothingElseDoes() {
    typealias Source = StopRequests.Source
    var orders: [[Source]] = [[]]
    for _ in 0..<4 { orders += orders.flatMap { order in Source.allCases.map { order + [$0] } } }
    for order in orders {
      var stops = StopRequests()
      var signals = 0
      for (index, source) in order.enumerated() {
        let step = stops.next(source)
        if source != .admin { signals += 1 }
        if index == 0 {
          #expect(step == .drain(isDelayed: source != .interrupt), "\(order)")
        } else if source == .admin {
          #expect(step == .none, "\(order)")
        } else if signals > 1 {
          #expect(step == .endNow, "\(order)")
        } else {
          #expect(step == (source == .interrupt ? .endDelay : .none), "\(order)")
        }
      }
    }
  }
}
