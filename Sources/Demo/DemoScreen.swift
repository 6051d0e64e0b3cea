/// What the demo shows: on a terminal a screen that is drawn again, else a line each time.
package enum DemoScreen {
  package struct View: Sendable {
    package var proxy: String
    package var admin: String
    package var elapsedSeconds: Int
    package var answered: Int
    package var perSecond: Int
    package var failures: Int
    package var p50Microseconds: UInt64
    package var p99Microseconds: UInt64
    package var upstreams: String
  }

  package static func line(_ view: View) -> String {
    "\(view.elapsedSeconds)s  answered \(view.answered)  rate \(view.perSecond)/s  "
      + "p50 \(milliseconds(view.p50Microseconds))  p99 \(milliseconds(view.p99Microseconds))  "
      + "failed \(view.failures)"
  }

  package static func hints(_ view: View) -> String {
    """
    Weir demo: prescription, dispense and medication-directory, three endpoints each.

      curl -i http://\(view.proxy)/prescriptions/1
      curl -i http://\(view.proxy)/nowhere              (a failure, and what it says)
      curl http://\(view.admin)/upstreams?format=text
      curl http://\(view.admin)/metrics

    """
  }

  package static func screen(_ view: View) -> String {
    "\u{1B}[H\u{1B}[2J" + hints(view) + line(view) + "\n\n" + view.upstreams
      + "\nControl-C ends it.\n"
  }

  private static func milliseconds(_ microseconds: UInt64) -> String {
    "\(microseconds / 1000).\(microseconds / 100 % 10) ms"
  }
}
