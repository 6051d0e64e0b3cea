/// Ceilings on the framing of a chunked body.
package struct BodyLimits: Sendable, Equatable {
  /// Extension bytes of one chunk. Nobody uses extensions; Go's net/http caps their share too.
  package var chunkExtensionBytesMax: Int
  /// The trailer section, empty line excluded. Source: HAProxy holds it in a buffer, 16 KiB; half.
  package var trailerBytesMax: Int
  /// Trailer lines.
  package var trailerFieldsMax: Int

  package init(
    chunkExtensionBytesMax: Int = 1024, trailerBytesMax: Int = 8192, trailerFieldsMax: Int = 32
  ) {
    self.chunkExtensionBytesMax = chunkExtensionBytesMax
    self.trailerBytesMax = trailerBytesMax
    self.trailerFieldsMax = trailerFieldsMax
  }
}
