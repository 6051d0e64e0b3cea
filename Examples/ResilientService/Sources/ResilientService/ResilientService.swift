import Glibc

/// Runs the show; exits 1 when a promise was not kept.
@main
struct ResilientService {
  static func main() async {
    do {
      try await Show().run()
      print("every promise was kept")
    } catch {
      print("not so: \(error)")
      exit(1)
    }
  }
}
