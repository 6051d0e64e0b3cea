import Primitives
import Telemetry

/// Whether a request is a call of gRPC, and how that ended.
struct GRPCCall {
  private enum Told {
    case nothing
    case status(GRPCStatus)
    /// A number that is none of gRPC's, or no number.
    case other
  }

  private(set) var isCall = false
  private var told = Told.nothing

  mutating func begin() { isCall = true }

  /// A `grpc-status` of the endpoint's goes on to the client, in a head or in trailers.
  mutating func answers(code: UInt64?) {
    let status = code.flatMap { UInt8(exactly: $0) }.flatMap { GRPCStatus(rawValue: $0) }
    told = status.map { .status($0) } ?? .other
  }

  /// The client is told `status` by Weir, or is to take a cut for it.
  mutating func ends(_ status: GRPCStatus) { told = .status(status) }

  /// It is over. Who answered without a `grpc-status` is understood by `httpStatus`, as clients do.
  mutating func ends(httpStatus: UInt16) {
    if case .nothing = told { told = .status(GRPCStatus(httpStatus: httpStatus)) }
  }

  /// How it ended; nil: with a number that is none of gRPC's. Precondition: it has ended.
  var status: GRPCStatus? {
    if case .status(let status) = told { status } else { nil }
  }

  /// The service failed, by a status of its own.
  var isServiceFault: Bool { status?.isServiceFault ?? false }

  /// What the machines judge an answer by beside HTTP's status: it falls with the trailers, or with a head
  /// alone; nil: it was no call, or nothing of gRPC's was told.
  var answeredCode: UInt8? { isCall ? status?.rawValue : nil }

  /// Its name, or `OTHER`.
  var label: StaticString { RequestSeries.grpcLabel(status) }
}
