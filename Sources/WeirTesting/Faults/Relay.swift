import Reactor

/// Stands between a proxy and a real server on 127.0.0.1 and spoils the connection as told.
///
///     client ── request lane ──▶ server        each lane: delay, rate, hold
///            ◀── answer lane ───               and the answers may be cut
///
/// Why: the kernel need not have netem, and tests may not be root. One thread a relay; orders take
/// effect before they return, so a test acts and then asserts. Ends, resetting what is open, with
/// its last owner. A server that refuses shows to the client as a reset: the relay accepted first.
/// The server is on loopback, so delay times rate is bounded by 256 KiB (`RelayLane`).
public final class Relay: Sendable {
  public let port: UInt16
  private let reservation: PortReservation
  private let mail: RelayMail
  private let thread: LoopThread

  public init(to serverPort: UInt16, _ behaviour: RelayBehaviour = .passing) throws {
    let reservation = try PortReservation()
    let mail = try RelayMail()
    let port = reservation.port
    self.reservation = reservation
    self.mail = mail
    self.port = port
    thread = LoopThread(name: "relay") {
      RelayLoop(mail, port: port, to: serverPort, behaviour).run()
    }
    // It listens when it has answered.
    mail.send(.count)
  }

  deinit {
    mail.send(.end)
    thread.join()
  }

  public func behave(_ behaviour: RelayBehaviour) { mail.send(.behave(behaviour)) }

  /// Resets every connection that exists, on both sides; new ones are taken as before.
  public func resetConnections() { mail.send(.resetAll) }

  public var counts: RelayCounts { mail.send(.count) }
}
