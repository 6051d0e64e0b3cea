/// What a pick depends on besides the endpoints.
@usableFromInline package struct PickRequest: Sendable {
  /// The hash of the header, cookie, source, identity or path that the hashed policies go by; nil: a random one.
  @usableFromInline package var hash: UInt64?
  /// An id of the `SubsetTable`; nil: all endpoints.
  @usableFromInline package var subset: Int?
  /// These are avoided while another is eligible.
  @usableFromInline package var tried: TriedEndpoints
  /// Whether one that is ejected or unhealthy may be asked once all others have been tried. False
  /// for a hedge, which is better not made.
  @usableFromInline package var asksLastResort = true

  @inlinable package init(
    hash: UInt64? = nil, subset: Int? = nil, tried: TriedEndpoints = TriedEndpoints()
  ) {
    self.hash = hash
    self.subset = subset
    self.tried = tried
  }
}
