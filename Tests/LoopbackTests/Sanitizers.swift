/// Whether this build runs under a sanitizer (`make sanitize`), which multiplies memory and time.
enum Sanitizers {
  #if WEIR_SANITIZED
    static let areOn = true
  #else
    static let areOn = false
  #endif
}
