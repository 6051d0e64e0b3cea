/// What a pool's slots hold.
protocol Slotted {
  /// Counts how often the slot was given back: an event of an older generation is of one that
  /// has ended.
  var generation: UInt32 { get set }
}

extension Slotted {
  /// No slot, where one would be named.
  static var none: UInt32 { .max }
}

/// Values in slots that are used again, last freed first.
///
/// Cost: O(1), no allocation once grown. Confinement: its owner.
struct SlotPool<Element: Slotted> {
  private var slots: [Element] = []
  private var free: [UInt32] = []
  private let make: Element

  /// `make`: what a new slot holds.
  init(_ make: Element) {
    self.make = make
  }

  var count: Int { slots.count }
  var inUse: Int { slots.count - free.count }

  @inline(__always)
  subscript(index: Int) -> Element {
    get { slots[index] }
    _modify { yield &slots[index] }
  }

  /// The slot holds what its last owner left; its new one writes all of it but the generation.
  @inline(__always)
  mutating func take() -> Int {
    if let index = free.popLast() { return Int(index) }
    slots.append(make)
    precondition(slots.count < Event.indexMax, "more requests at once than events can name")
    return slots.count - 1
  }

  @inline(__always)
  mutating func give(back index: Int) {
    slots[index].generation &+= 1
    free.append(UInt32(index))
  }
}
