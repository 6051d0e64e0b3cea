import Primitives

/// A part of a whole, in basis points, as the policies take it.
public typealias Share = Primitives.Share
