import Primitives

/// Finds the segments of a path that another reader would take for `.`, `..` or an empty one: those
/// with path parameters (`..;v=1`; servlet containers strip them before they resolve dots) and those
/// next to an escaped separator (`..%2F`, `%5C..`, `/%2Fadmin`, `/admin%2F`; many servers decode these
/// to `/`, and then merge it with the next). An empty segment with parameters is one of them but at the
/// path's end, where sessions stand (`/;id=1`); one between two real slashes is none, since what is done
/// with it is the listener's `merge_slashes`.
enum DisguisedSegments {
  /// `path` begins with "/"; its escapes are decoded where unreserved, the others in upper case.
  static func occur(in path: Span<UInt8>) -> Bool {
    var start = 1
    var nameEnd: Int?
    var isBehindEscape = false
    var index = 1
    while true {
      let isEnd = index >= path.count
      let separator = isEnd ? 0 : separatorCount(path, index)
      if isEnd || separator > 0 {
        let count = (nameEnd ?? index) - start
        let isDots =
          (count == 1 && path[start] == 0x2E)
          || (count == 2 && path[start] == 0x2E && path[start + 1] == 0x2E)
        if isDots, nameEnd != nil || isBehindEscape || separator > 1 { return true }
        if count == 0, isBehindEscape || separator > 1 || (nameEnd != nil && !isEnd) {
          return true
        }
        if isEnd { return false }
        isBehindEscape = separator > 1
        index += separator
        start = index
        nameEnd = nil
      } else {
        if nameEnd == nil, isParameterStart(path, index) { nameEnd = index }
        index += 1
      }
    }
  }

  /// The bytes of a separator at `index`: 1 for "/", 3 for an escaped "/" or "\", 0 for none.
  private static func separatorCount(_ path: Span<UInt8>, _ index: Int) -> Int {
    if path[index] == 0x2F { return 1 }
    return isEscape(path, index, 0x32, 0x46) || isEscape(path, index, 0x35, 0x43) ? 3 : 0
  }

  /// ";", escaped or not.
  private static func isParameterStart(_ path: Span<UInt8>, _ index: Int) -> Bool {
    path[index] == 0x3B || isEscape(path, index, 0x33, 0x42)
  }

  private static func isEscape(
    _ path: Span<UInt8>, _ index: Int, _ high: UInt8, _ low: UInt8
  ) -> Bool {
    path[index] == 0x25 && index + 2 < path.count && path[index + 1] == high
      && path[index + 2] == low
  }
}
