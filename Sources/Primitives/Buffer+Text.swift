extension Buffer {
  /// What stands in `range`, for what is not on a request's way. Cost: two copies.
  package func text(_ range: ByteRange) -> String {
    let bytes = slice(range)
    return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
  }
}
