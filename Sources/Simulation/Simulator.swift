import Primitives

/// Runs a plan in virtual time.
///
/// One request: a client's or a service's sidecar admits it (`+Exchange`), picks an endpoint and
/// sends an attempt (`+Attempt`), the replica queues it, works, calls others (`+Replica`,
/// `+Calls`) and answers; the sidecar decides whether to try again. Everything is a slot of a pool
/// and an event of 16 bytes; requests are no objects, and nothing is allocated once pools are grown.
/// The same plan and seed give the same run to the bit: no dictionary is iterated and no clock read.
///
/// Confinement: one thread. Cost: about half a microsecond a request without policies.
struct Simulator {
  var plan: Plan
  var queue = EventQueue()
  var now: Int64 = 0
  var exchanges = SlotPool(SimulatedExchange())
  var attempts = SlotPool(SimulatedAttempt())
  var replicas: [Replica]
  var links: [Link]
  var services: [ServiceModel]
  var clients: [ClientClass]
  /// Those of the client classes, then those of the services.
  var series: [Series]
  /// All client classes together.
  var total = Series(name: "all clients")
  /// Links whose waiting requests are to be looked at before the next event.
  var toServe: [Int] = []
  /// What a probe's event is of.
  var probes: [(link: Int, endpoint: Int)] = []
  private(set) var events = 0
  /// For the machines.
  @inline(__always) var instant: Instant { Instant(nanoseconds: now) }

  init(plan: Plan) {
    self.plan = plan
    replicas = plan.replicas
    services = plan.services
    clients = plan.clients
    links = plan.makeLinks()
    series = (plan.clients.map(\.name) + plan.services.map(\.name)).map { Series(name: $0) }
  }

  /// The whole run. `progress` is told after each sample: which of how many.
  mutating func run(_ progress: ((_ sample: Int64, _ samples: Int64) -> Void)? = nil) {
    for client in clients.indices { scheduleArrival(client) }
    scheduleProbes()
    for (index, change) in plan.changes.enumerated() {
      queue.push(Event(.fault, at: change.time, index: index))
    }
    var sampleEnd = plan.sample
    while sampleEnd <= plan.end {
      advance(to: sampleEnd)
      now = sampleEnd
      takeSample()
      progress?(sampleEnd / plan.sample, plan.end / plan.sample)
      sampleEnd += plan.sample
    }
  }

  private mutating func advance(to end: Int64) {
    while let event = queue.pop(before: end) {
      now = event.time
      events += 1
      perform(event)
      if !toServe.isEmpty { serveAll() }
    }
  }

  @inline(__always)
  private mutating func perform(_ event: Event) {
    let index = event.index
    switch event.kind {
    case .arrival: arrive(index)
    case .reach:
      if attempts[index].generation == event.generation { reach(index) }
    case .finish:
      if attempts[index].generation == event.generation { finish(index) }
    case .answer:
      if attempts[index].generation == event.generation { endAttempt(index) }
    case .perTryTimeout:
      if attempts[index].generation == event.generation { expireAttempt(index) }
    case .deadline:
      if exchanges[index].generation == event.generation {
        end(index, .failure(.requestTimeout))
      }
    case .pendingTimeout:
      if exchanges[index].generation == event.generation, exchanges[index].phase == .waiting {
        end(index, .failure(.pendingTimeout))
      }
    case .retry:
      if exchanges[index].generation == event.generation { tryOnce(index) }
    case .fault: apply(plan.changes[index])
    case .hedge:
      if exchanges[index].generation == event.generation { sendHedge(index) }
    case .pendingShed:
      if links[index].shedDue == now { shed(index) }
    case .slow:
      if exchanges[index].generation == event.generation { tellSlow(index) }
    case .slowAttempt:
      if attempts[index].generation == event.generation { tellSlowAttempt(index) }
    case .probe: probe(index)
    case .probeEnd: endProbe(index, event.generation)
    case .sweep: break
    }
  }
}
