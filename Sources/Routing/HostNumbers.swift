/// The numbers of the hosts that fit a request, "any" first. Bounded: names have few labels.
struct HostNumbers {
  static let most = 16
  private var numbers: InlineArray<16, Int32> = .init(repeating: 0)
  private(set) var count = 1

  mutating func append(_ number: Int) {
    guard count < Self.most else { return }
    numbers[count] = Int32(number)
    count += 1
  }

  subscript(_ index: Int) -> Int32 { numbers[index] }

  func contains(_ number: Int) -> Bool {
    for index in 0..<count where Int(numbers[index]) == number { return true }
    return false
  }
}
