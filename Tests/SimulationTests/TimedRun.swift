import DataPath
import Primitives
import Upstreams
import WeirTesting

/// A steady load of requests on a mesh of three endpoints, in virtual time: how long each takes does
/// not depend on the machine.
///
/// Endpoints are named by their ports, 9001 to 9003, answer after a millisecond, and close each
/// connection behind its answer.
final class TimedRun {
  static let perSecond = 100
  private(set) var answers: [TimedClient.Answer] = []
  let mesh: SimulatedMesh

  /// `count` requests, a hundred a second; `conduct`: of the first endpoint towards a connection that
  /// begins at that time after the start; nil: as the others. `theOthers`: what they do instead of
  /// answering. All is over when it returns.
  init(
    seed: UInt64, count: Int, _ plan: MeshPlan, fields: String = "",
    theOthers: CheckedEndpoint.Conduct? = nil,
    conduct: @escaping (Duration) -> CheckedEndpoint.Conduct?
  ) throws {
    mesh = try SimulatedMesh(seed: seed, plan)
    let network = mesh.network
    network.answerConnect = { address in
      let name = "\(address.port ?? 0)"
      let time = network.time.duration(since: SimulatedNetwork.start)
      let own = address.port == 9001 ? conduct(time) : nil
      let conduct = own ?? theOthers ?? Self.answer(name, after: .milliseconds(1))
      return .peer(CheckedEndpoint(network, conduct))
    }
    var clients: [TimedClient] = []
    for number in 0..<count {
      network.after(.milliseconds(1000 * number / Self.perSecond)) {
        let client = TimedClient(network, fields: fields)
        clients.append(client)
        network.connect(client)
      }
    }
    mesh.run(quiet: .seconds(100))
    answers = clients.compactMap(\.answer)
  }

  static func answer(_ name: String, after delay: Duration) -> CheckedEndpoint.Conduct {
    .answersLate(
      "HTTP/1.1 200 OK\r\nConnection: close\r\nx-endpoint: \(name)\r\nContent-Length: 0\r\n\r\n",
      after: delay)
  }

  /// The addresses of the endpoints.
  static let addresses = (9001...9003).map { SocketAddress.ip(.loopback4, port: $0) }

  func count(atLeast duration: Duration) -> Int { answers.count { $0.duration >= duration } }

  func count(by endpoint: String) -> Int { answers.count { $0.endpoint == endpoint } }

  /// The duration that `share` of the answers to requests of `range` did not exceed.
  func duration(atShare share: Double, of range: Range<Int>) -> Duration {
    let sorted = answers[range].map(\.duration).sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
}
