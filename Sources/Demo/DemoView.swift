import Primitives
import Screens

/// Everything that the demo shows at one moment.
struct DemoView: Sendable {
  struct Endpoint: Sendable {
    /// What the proxy makes of it, such as `ejected 4s`.
    var state: String
    var tone: ScreenTone
    /// What was done to it.
    var ills: DemoIlls
  }

  /// Since the start.
  struct Totals: Sendable {
    var answered = 0
    var failed = 0
    var counts = DemoRates.Counts()
  }

  struct Service: Sendable {
    var name: String
    /// Requests of the last second, answered or not.
    var perSecond: Int
    var successesPerSecond: Int
    var p50Microseconds: UInt64?
    var p99Microseconds: UInt64?
    var rates = DemoRates.Counts()
    var breaker = "-"
    var breakerTone = ScreenTone.dim
    var endpoints: [Endpoint]
    var totals = Totals()
    var history = DemoHistory()
  }

  var proxy: String
  var admin: String
  var elapsedSeconds: Int
  var answered: Int
  var failed: Int
  /// By status, 0 for none, in that order.
  var failures: [(status: Int, count: Int)]
  /// Failures by the names that the proxy has for them.
  var reasons: [(label: String, count: Int)]
  var retries: Int
  var hedges: Int
  var fallbacks: Int
  var ejections: Int
  var openings: Int
  var services: [Service]
  /// The latest last.
  var events: [DemoEvents.Event]

  var perSecond: Int { services.reduce(0) { $0 + $1.perSecond } }
}
