import Foundation
import Primitives
import WeirTesting

/// An endpoint whose answers are its name, with the status that a test gives it.
///
/// `/health` has a status of its own; `/held` answers when `release` is signalled, once a request.
final class NamedService: Sendable {
  let name: String
  let port: UInt16
  private let endpoint: ScriptedEndpoint
  private let state: State

  private final class State: Sendable {
    let status = Lock(200)
    let health = Lock(200)
    let requests = Lock<[String]>([])
    let release = DispatchSemaphore(value: 0)
  }

  /// `answersAfter`: microseconds that it works on each request.
  init(_ name: String = "a", answersAfter microseconds: UInt32 = 0) throws {
    let state = State()
    self.name = name
    self.state = state
    endpoint = try ScriptedEndpoint.answering { request in
      let target = request.split(separator: " ").dropFirst().first ?? ""
      if target.hasPrefix("/health") { return Self.answer(state.health.withLock { $0 }, name) }
      state.requests.withLock { $0.append(request) }
      if target.hasPrefix("/held") { state.release.wait() }
      if microseconds > 0 { Pace.wait(.microseconds(microseconds)) }
      return Self.answer(state.status.withLock { $0 }, name)
    }
    port = endpoint.port
  }

  private static func answer(_ status: Int, _ body: String) -> String {
    "HTTP/1.1 \(status) Said\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// From now on, but for `/health`.
  func answer(_ status: Int) { state.status.withLock { $0 = status } }

  func answerHealth(_ status: Int) { state.health.withLock { $0 = status } }

  /// Lets one held request, or the next, be answered.
  func release(_ count: Int = 1) { for _ in 0..<count { state.release.signal() } }

  /// What it was asked, health apart.
  var requests: [String] { state.requests.withLock { $0 } }
}

extension RunningProxy {
  /// The status and the body of the answer to a GET.
  func ask(_ target: String = "/", headers: String = "") throws -> (status: Int, body: String) {
    let answer = try get(target, headers: headers)
    let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return (status, answer.components(separatedBy: "\r\n\r\n").last ?? "")
  }

  /// A client whose request for `/held…` has reached an endpoint of `service`.
  func hold(_ target: String = "/held", headers: String = "") throws -> BlockingSocket {
    let before = try attempts()
    let socket = try BlockingSocket.connect(port: port)
    try socket.send("GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(headers)\r\n")
    guard try eventually({ try attempts() > before }) else {
      throw Unusable(reason: "the request did not reach an endpoint")
    }
    return socket
  }

  func attempts() throws -> Double {
    try metric("weir_upstream_attempts_total{upstream=\"service\"}")
  }

  /// Requests that a breaker refused.
  func refused(by scope: String) throws -> Double {
    try metric("weir_circuit_breaker_refused_total{upstream=\"service\",scope=\"\(scope)\"}")
  }

  /// How often a breaker changed to `state`.
  func transitions(_ scope: String, to state: String) throws -> Double {
    try metric(
      "weir_circuit_breaker_transitions_total{upstream=\"service\",scope=\"\(scope)\",to=\"\(state)\"}"
    )
  }

  func ejections(_ reason: String) throws -> Double {
    try metric("weir_outlier_ejections_total{upstream=\"service\",reason=\"\(reason)\"}")
  }
}
