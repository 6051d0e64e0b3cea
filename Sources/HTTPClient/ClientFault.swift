import HTTPModel
import Primitives

/// Why a call of Weir's own has no answer.
package enum ClientFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// No connection came about.
  case notConnected(FailureKind)
  /// Its time was up, wherever it stood.
  case timeout
  /// The peer ended the connection before the answer was whole.
  case closed
  case malformed(HeadFault)
  case malformedBody(BodyFault)
  /// The body is longer than the call keeps.
  case tooLarge
  /// Weir itself had no descriptor, port, memory or buffer left; says nothing of the peer.
  case notSent

  package var description: String {
    switch self {
    case .notConnected(.connectRefused): "the connection was refused"
    case .notConnected(let failure): "no connection came about: \(failure.name)"
    case .timeout: "there was no whole answer in time"
    case .closed: "the connection was closed before the answer was whole"
    case .malformed(let fault): "the answer's head is malformed: \(fault.name)"
    case .malformedBody(let fault): "the answer's body is malformed: \(fault.name)"
    case .tooLarge: "the answer is too long"
    case .notSent: "there was no memory or descriptor left for the call"
    }
  }
}
