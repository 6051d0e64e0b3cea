import Primitives

/// Why a body was rejected.
package enum BodyFault: UInt8, Error, CaseIterable, Sendable {
  case badChunkSize
  case chunkSizeTooLarge
  case badChunkExtension
  case chunkExtensionTooLong
  case chunkOverheadTooLarge
  case badChunkEnd
  case badTrailer
  case forbiddenTrailer
  case trailersTooLarge
  // What only HTTP/2 can say (RFC 9113 §8.1, §8.1.1).
  case lengthDiffers
  case trailersWithoutEnd

  package var name: StaticString {
    switch self {
    case .badChunkSize: "bad_chunk_size"
    case .chunkSizeTooLarge: "chunk_size_too_large"
    case .badChunkExtension: "bad_chunk_extension"
    case .chunkExtensionTooLong: "chunk_extension_too_long"
    case .chunkOverheadTooLarge: "chunk_overhead_too_large"
    case .badChunkEnd: "bad_chunk_end"
    case .badTrailer: "bad_trailer"
    case .forbiddenTrailer: "forbidden_trailer"
    case .trailersTooLarge: "trailers_too_large"
    case .lengthDiffers: "length_differs"
    case .trailersWithoutEnd: "trailers_without_end"
    }
  }

  package var requestFailure: FailureKind {
    self == .trailersTooLarge ? .requestTrailersTooLarge : .malformedRequest
  }

  package var responseFailure: FailureKind {
    self == .trailersTooLarge ? .responseTrailersTooLarge : .malformedResponse
  }
}
