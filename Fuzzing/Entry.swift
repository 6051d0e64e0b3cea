import Glibc
import WeirTesting

typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// libFuzzer's loop (compiler-rt's FuzzerInterface.h).
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<Arguments?>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// What is fuzzed: the environment's `WEIR_FUZZ_TARGET`.
private let target: FuzzTarget = {
  // SAFETY: getenv's string lives as long as the environment is not changed, which nobody does.
  guard let text = unsafe getenv("WEIR_FUZZ_TARGET"),
    let target = unsafe FuzzTarget(rawValue: String(cString: text))
  else {
    fatalError("WEIR_FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

/// One input; libFuzzer looks for this name.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  // SAFETY: libFuzzer lends `count` bytes from `start` for the time of the call.
  target.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// The package manager makes this symbol the program's main, in the place of libFuzzer's.
@_cdecl("weir_fuzz_main")
func start(_ count: Int32, _ arguments: Arguments?) -> Int32 {
  var count = count
  var arguments = unsafe arguments
  // SAFETY: main's own arguments.
  return unsafe runDriver(&count, &arguments) { unsafe fuzz($0, $1) }
}
