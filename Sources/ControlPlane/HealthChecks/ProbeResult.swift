import HTTPClient
import HTTPModel
import Primitives
import Upstreams

/// How one probe of an endpoint ended.
package enum ProbeResult: Sendable, Equatable, CustomStringConvertible {
  case success
  case connectRefused
  case connectFailed
  /// The probe's time was up, wherever it stood.
  case timeout
  /// The endpoint ended the connection before its answer's head was whole.
  case closed
  case malformed(HeadFault)
  case badStatus(UInt16)
  /// Weir itself had no descriptor, port, memory or buffer left. Says nothing of the endpoint: a proxy in need
  /// must not take all its upstreams for ill.
  case notSent

  /// The values of the metric's label `result`.
  enum Label: String, CaseIterable {
    case success
    case connectRefused = "connect_refused"
    case connectFailed = "connect_failed"
    case timeout
    case closed
    case malformed
    case badStatus = "bad_status"
    case notSent = "not_sent"
  }

  var label: Label {
    switch self {
    case .success: .success
    case .connectRefused: .connectRefused
    case .connectFailed: .connectFailed
    case .timeout: .timeout
    case .closed: .closed
    case .malformed: .malformed
    case .badStatus: .badStatus
    case .notSent: .notSent
    }
  }

  /// For log lines: the label, and what it was in particular.
  package var description: String {
    switch self {
    case .malformed(let fault): "\(label.rawValue): \(fault.name)"
    case .badStatus(let status): "\(label.rawValue): \(status)"
    default: label.rawValue
    }
  }

  /// What the machine is told, which keeps why an endpoint is unhealthy; nil: a success, or nothing.
  var failure: HealthCheckFailure? {
    switch self {
    case .success, .notSent: nil
    case .connectRefused, .connectFailed: .notConnected
    case .timeout: .timedOut
    case .closed: .reset
    case .malformed: .malformed
    case .badStatus(let status): .status(status)
    }
  }

  /// How a call went that asked `question`.
  init(_ result: Result<ClientAnswer, ClientFault>, to question: HealthQuestion) {
    switch result {
    case .success(let answer):
      let isGood = question.path == nil || question.accepts(answer.status)
      self = isGood ? .success : .badStatus(answer.status)
    case .failure(let fault): self = Self(fault)
    }
  }

  init(_ fault: ClientFault) {
    switch fault {
    case .notConnected(.connectRefused): self = .connectRefused
    case .notConnected: self = .connectFailed
    case .timeout: self = .timeout
    case .closed, .malformedBody, .tooLarge: self = .closed
    case .malformed(let head): self = .malformed(head)
    case .notSent: self = .notSent
    }
  }
}
