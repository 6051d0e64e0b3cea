/// Where the model tests begin: kept seeds, each of which once failed or stands for a size, and a
/// share of fresh ones is not drawn, so that a run is the same each time.
enum Seeds {
  static let all: [UInt64] = [1, 2, 3, 0xDEC0DE, 0xFFFF_FFFF_FFFF_FFFF]
}
