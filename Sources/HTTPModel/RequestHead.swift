import Primitives

/// A request head as it was understood: ranges into the receive buffer and the decisions drawn
/// from them. Filled by the decoder; reused from request to request, so it allocates once.
///
/// What only one protocol's heads have stands in a subclass beside its decoder.
///
/// Why a class: it is read by every stage, and handing it on copies and counts nothing.
/// Confinement: its owner's loop.
open class RequestHead {
  /// RFC 9112 §3.2.
  package enum TargetForm: Sendable {
    case origin, absolute, authority, asterisk
  }

  /// How much of a head was understood before it was refused, or before its end failed to come.
  @usableFromInline package enum Part: UInt8, Sendable {
    case nothing
    /// The method and the space behind it.
    case method
    /// The target too, perhaps not all of it.
    case target
    /// The whole request line, and the fields that stand in front of the fault.
    case line
    case whole

    // As for `Method`: the inherited ones are generic.
    @inlinable @inline(__always) package static func == (left: Part, right: Part) -> Bool {
      left.rawValue == right.rawValue
    }

    @inlinable @inline(__always) package static func >= (left: Part, right: Part) -> Bool {
      left.rawValue >= right.rawValue
    }
  }

  package final var method: Method = .get
  package final var methodText: ByteRange = .empty
  package final var targetForm: TargetForm = .origin
  /// The target as it was received.
  package final var target: ByteRange = .empty
  /// The path without the query. Where an absolute form has none (empty range), "/" is implied, or
  /// "*" where the form is `asterisk`.
  package final var path: ByteRange = .empty
  /// What follows "?", without it; empty where there is none (`hasQuery` tells the two apart).
  package final var query: ByteRange = .empty
  package final var hasQuery = false
  /// The host and port the request is for: the absolute form's authority, else `Host`; empty only
  /// for HTTP/1.0 without `Host`.
  package final var authority: ByteRange = .empty
  package final var fields: [Field] = []
  /// Which known names occur.
  package final var present = FieldSet.none
  /// How long its body is.
  @usableFromInline package final var length: PayloadLength = .none
  /// The name of the field that says so, as it was spelled; empty where there is none.
  package final var lengthName: ByteRange = .empty
  package final var expectsContinue = false
  /// It asks for another protocol behind its answer: `Connection: upgrade` with an `Upgrade` field.
  package final var wantsUpgrade = false
  /// `TE: trailers` was sent.
  package final var acceptsTrailers = false
  /// `Connection` nominates a name that is not a known hop-by-hop one: see `Connection` for which.
  package final var nominatesOthers = false
  /// It carries a login that belongs to the connection, not to the request (`ConnectionLogin`).
  package final var logsIn = false

  /// Bytes follow the head, or may. A declared length of 0 is passed on but is no body: it leaves
  /// nothing between the head and, say, the protocol that is upgraded to.
  @inlinable package final var hasBody: Bool {
    switch length {
    case .none: false
    case .known(let bytes): bytes > 0
    case .unknown: true
    }
  }

  /// Where the name of the first field with this id stands, as it was spelled.
  package final func spelling(of id: FieldName) -> ByteRange? {
    fields.first { $0.id == id }?.name
  }

  /// Forgets the request before it. A decoder whose heads all have a line need not: it writes most of this
  /// anyway.
  package final func clear() {
    method = .get
    methodText = .empty
    targetForm = .origin
    target = .empty
    path = .empty
    query = .empty
    hasQuery = false
    authority = .empty
    fields.removeAll(keepingCapacity: true)
    present = .none
    length = .none
    lengthName = .empty
    expectsContinue = false
    wantsUpgrade = false
    acceptsTrailers = false
    nominatesOthers = false
    logsIn = false
  }

  package init() {
    fields.reserveCapacity(32)
  }
}
