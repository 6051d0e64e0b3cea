import DataPath
import Dispatch
import Primitives
import ProxyConfiguration
import Reactor
import Telemetry

/// Metrics: collected from all loops and from what they share, without the control queue.
extension ControlPlane {
  /// What one worker has counted, and its endpoints where they have series.
  private struct Scrape: Sendable {
    let values: [UInt64]
    let views: [UpstreamView]

    init(_ worker: Worker, withEndpoints: Bool) {
      values = worker.scrape()
      views = withEndpoints ? UpstreamView.all(of: worker) : []
    }
  }

  /// Has `/metrics` answered from now on.
  func serveMetrics() {
    guard let workers, let controlLoop, let processMetrics else { return }
    let (handles, registry, log, budget) = (workers.handles, registry, logSink, descriptors)
    let (gauges, counters) = (policyGauges, controlCounters)
    statusPages.set { done in
      let withEndpoints = gauges.endpointsMax > 0
      let question: @Sendable (Worker) -> Scrape = { Scrape($0, withEndpoints: withEndpoints) }
      Workers.ask(handles, question) { answers in
        let shards = answers.map(\.values)
        controlLoop.scrape { counted in
          DispatchQueue.global().async {
            let own = processMetrics.scrape(log, budget)
            done(
              CounterTotals(
                registry, shards: shards + [own, counted, counters.values],
                gauges: gauges.scrape(answers.map(\.views), now: LinuxKernel.monotonicNow)))
          }
        }
      }
    }
  }

  /// Calls `done` on the control queue with what is counted now.
  func counts(_ done: @escaping @Sendable (CounterTotals) -> Void) {
    statusPages.scrape { [queue] totals in queue.async { done(totals) } }
  }

  /// What gauges are read from, since the last build. Cost: a look at each endpoint.
  func publishMachines() {
    policyGauges.set(
      breakers: builder.breakers(configuration),
      upstreams: configuration.upstreams.compactMap { builder.state(of: $0.name) },
      endpointsMax: configuration.endpointMetricsMax)
  }

  /// The same at once, and then once a second at most while changes come faster.
  func publishMachinesInTurn() {
    guard !isPublishDue else { return }
    isPublishDue = true
    publishMachines()
    after(.seconds(1)) { [self] in
      isPublishDue = false
      if phase == .serving { publishMachines() }
    }
  }
}
