import ControlPlane
import Testing

/// Descriptors are shared out so that what must go on has its own.
struct DescriptorPlanTests {
  @Test func givesNoMoreThanThereIs() {
    for limit in [64, 100, 256, 1024, 4096, 20_000, 65_536, 1 << 20, 1 << 30] {
      for workers in [1, 2, 8] where limit >= 256 || workers < 3 {
        for most in [1, 10, 1024, 20_000, 1_000_000] {
          let needs = DescriptorPlan.Needs(workers: workers, listeners: 2, connectionsMax: most)
          let plan = DescriptorPlan(limit: limit, needs)
          #expect(plan.shares.reduce(0) { $0 + $1.most } <= limit, "\(plan)")
          #expect(plan.clients >= 1 && plan.clients <= most)
          // Each client may have a request in flight.
          #expect(plan.endpoints >= plan.clients)
          #expect(plan.admin >= 4 && plan.healthChecks >= 2 && plan.refused >= 1)
          #expect((plan.warning != nil) == (plan.clients < most))
          #expect(DescriptorPlan(limit: plan.limitNeeded, needs).clients == most)
        }
      }
    }
  }

  @Test func saysTheNumbersAndWhatToDo() throws {
    let needs = DescriptorPlan.Needs(workers: 1, listeners: 1, connectionsMax: 20_000)
    let plan = DescriptorPlan(limit: 64, needs)
    let warning = try #require(plan.warning)
    for part in [
      "limits.connections is 20000", "64 descriptors", "\(plan.clients) connections of clients",
      "\(plan.limitNeeded)", "ulimit -Hn", "LimitNOFILE",
    ] {
      #expect(warning.contains(part), "\(warning)")
    }
  }
}
