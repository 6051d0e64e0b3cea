/// Ceilings on the framing of a chunked body.
package struct BodyLimits: Sendable, Equatable {
  /// Extension bytes of one chunk. Nobody uses extensions.
  package var chunkExtensionBytesMax: Int
  /// What the size lines of all chunks hold beyond 16 bytes each and twice their data. Source: Go's
  /// net/http, 16 KiB.
  package var chunkOverheadBytesMax: Int
  /// The trailer section, empty line excluded. Source: HAProxy holds it in a buffer, 16 KiB; half.
  package var trailerBytesMax: Int
  /// Trailer lines.
  package var trailerFieldsMax: Int

  package init(
    chunkExtensionBytesMax: Int = 1024, chunkOverheadBytesMax: Int = 16 * 1024,
    trailerBytesMax: Int = 8192, trailerFieldsMax: Int = 32
  ) {
    self.chunkExtensionBytesMax = chunkExtensionBytesMax
    self.chunkOverheadBytesMax = chunkOverheadBytesMax
    self.trailerBytesMax = trailerBytesMax
    self.trailerFieldsMax = trailerFieldsMax
  }
}
