import Primitives

/// A descriptor and what is to be done when it is ready: the base of listeners and connections.
///
/// Why a class with overridden methods: one indirect call an event, no existential and no closure.
/// Subclasses are told of edges, not levels: they must use up what is there (a receive that fills
/// less than the buffer has drained the socket) or call `EventLoop.resumeLater`.
/// `open`, and public what it names, because Swift lets no other target derive from a package class.
/// Confinement: the loop it was added to.
open class EventSource {
  /// The descriptor, or -1 before `EventLoop.add` and after `EventLoop.close`.
  package internal(set) final var descriptor: Int32 = -1
  package internal(set) final var slot: UInt32 = .max
  final var isQueuedToResume = false

  package init() {}

  package final var isOpen: Bool { descriptor >= 0 }

  /// A loop has it: with a descriptor, or for its deadline and turns alone.
  package final var isAdded: Bool { slot != .max }

  /// Edges that came since the last call.
  open func ready(_ readiness: Readiness) {}

  /// The deadline set by `EventLoop.arm` has passed; it is no longer armed.
  open func deadlinePassed() {}

  /// The turn that `EventLoop.resumeLater` asked for.
  open func resume() {}
}
