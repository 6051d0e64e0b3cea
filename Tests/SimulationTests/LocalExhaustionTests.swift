import Glibc
import HTTPClient
import Primitives
import Reactor
import Resilience
import Testing
import Upstreams
import WeirTesting

/// What this machine lacks or forbids is no failure of an endpoint.
struct LocalExhaustionTests {
  /// Every errno of socket(2), bind(2), connect(2) and epoll_ctl(2) that is not a bug of ours.
  private static let kinds: [(number: Int32, kind: FailureKind)] = [
    (EMFILE, .descriptorsExhausted), (ENFILE, .descriptorsExhausted),
    (EADDRNOTAVAIL, .localPortsExhausted), (ENOBUFS, .localMemoryExhausted),
    (ENOMEM, .localMemoryExhausted), (ENOSPC, .localMemoryExhausted),
    (EACCES, .connectProhibited), (EPERM, .connectProhibited),
    (ECONNREFUSED, .connectRefused), (ENOENT, .connectRefused), (ETIMEDOUT, .connectTimeout),
    (EHOSTUNREACH, .connectFailed), (ENETUNREACH, .connectFailed), (ECONNRESET, .connectFailed),
    (EAGAIN, .connectFailed), (EAFNOSUPPORT, .connectFailed), (EPROTOTYPE, .connectFailed),
  ]

  @Test(arguments: kinds.indices) func eachErrorHasItsKind(index: Int) {
    let (number, kind) = Self.kinds[index]
    #expect(UpstreamConnection.failure(of: Errno(number)) == kind)
  }

  /// No breaker opens, nobody is ejected, and the client is told whose want it is.
  @Test(arguments: kinds.indices) func onlyTheEndpointsFailuresCount(index: Int) throws {
    let (number, kind) = Self.kinds[index]
    var policy = CircuitBreakerPolicy()
    policy.consecutiveFailures = 2
    let service = try VerdictMesh(policy, outliers: OutlierPolicy())
    service.network.connectFault = Errno(number)
    let clients = (0..<8).map { service.ask(after: .milliseconds(10 * $0)) }
    service.run()
    let isLocal = kind.row.side == .local
    #expect(service.state.breaker?.state == (isLocal ? .closed : .open))
    #expect(!isLocal || !service.state.endpoints.contains(where: \.isEjected))
    #expect(clients[0].answer.contains("details=\"\(kind.name)"), "\(clients[0].answer)")
    #expect(clients[0].status == Int(kind.row.status))
  }

  /// Ports and firewalls are of one destination: another may be reached.
  @Test func aRetryGoesToAnotherEndpoint() throws {
    let service = try VerdictMesh(
      retry: RetryPolicy(
        attempts: 2, conditions: [.connectFailure], backoff: Backoff(base: .nanoseconds(1))))
    service.conduct = { _, _ in .answers(VerdictMesh.good) }
    service.network.connectFault = Errno(EADDRNOTAVAIL)
    service.network.connectFaultCount = 1
    let client = service.ask()
    service.run()
    #expect(client.status == 200)
  }
}
