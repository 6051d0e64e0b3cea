/// What a relay does to the bytes of one direction.
///
/// `delay`: each byte leaves at least that long after it came; the end of the stream too.
/// `bytesPerSecond`: nil: as fast as they come; sent in pieces of a hundredth of a second.
/// `isHeld`: nothing is read nor sent; what the sockets took meanwhile goes on when that ends.
public struct RelayFlow: Equatable, Sendable {
  public var delay: Duration
  public var bytesPerSecond: Int?
  public var isHeld: Bool

  public init(delay: Duration = .zero, bytesPerSecond: Int? = nil, isHeld: Bool = false) {
    self.delay = delay
    self.bytesPerSecond = bytesPerSecond
    self.isHeld = isHeld
  }

  public static let free = RelayFlow()
  public static let held = RelayFlow(isHeld: true)
}
