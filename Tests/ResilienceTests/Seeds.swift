/// Where the model tests begin. A seed that fails is printed and is kept here, so that every run
/// begins with it.
enum Seeds {
  static let all: [UInt64] = [1, 2, 3, 0xDEC0DE, 0xFFFF_FFFF_FFFF_FFFF]
}
