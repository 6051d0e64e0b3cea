import HTTPModel
import Primitives

/// The fields behind a body, kept as lines of text to be sent on (RFC 9113 §8.1, RFC 9110 §6.5).
///
/// `TrailerRule` tells which are dropped and which refuse the message, as for HTTP/1. Pure.
struct TrailerFields {
  /// The lines, each with its CRLF; their ranges count from the first.
  private(set) var bytes: [UInt8] = []
  private(set) var fields: [Field] = []
  private(set) var fault: BodyFault?
  private var takenBytes = 0
  private var takenFields = 0

  mutating func refuse(_ reason: BodyFault) {
    if fault == nil { fault = reason }
  }

  mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>, _ limits: BodyLimits) {
    takenFields += 1
    takenBytes += name.count + value.count + 32
    guard takenFields <= limits.trailerFieldsMax, takenBytes <= limits.trailerBytesMax else {
      return refuse(.trailersTooLarge)
    }
    // No pseudo-field either: a colon is no token character (§8.1).
    guard fault == nil, FieldRule.isName(name), FieldRule.isValue(value) else {
      return refuse(.badTrailer)
    }
    let id = FieldName.classify(name)
    switch TrailerRule(id, name) {
    case .drop: return
    case .refuse: return refuse(.forbiddenTrailer)
    case .keep: append(name, value, id)
    }
  }

  private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>, _ id: FieldName) {
    let start = bytes.count
    for index in name.indices { bytes.append(name[index]) }
    bytes += [0x3A, 0x20]
    for index in value.indices { bytes.append(value[index]) }
    fields.append(
      Field(
        name: ByteRange(start..<start + name.count),
        value: ByteRange(start + name.count + 2..<bytes.count), id: id))
    bytes += [0x0D, 0x0A]
  }
}
