import Primitives
import Reactor
import TLS
import Transport

/// The handshake with a client.
///
/// Why before everything else of the connection: nothing that a peer says counts before it is known who it
/// is. It has a deadline of its own, since a client that sends half a ClientHello would otherwise hold a
/// place for as long as an idle one.
extension DownstreamConnection {
  func startSecuring(_ tls: ListenerTLS) {
    do throws(CredentialFault) {
      secure(by: try TLSSession(tls.slot.current), pool: worker.pool)
    } catch {
      return close(reset: true)
    }
    isSecuring = true
    loop.arm(self, at: loop.now.advanced(byNanoseconds: tls.handshakeNanoseconds))
  }

  func secureOn() {
    guard worker.handshakes.takesStep(inTurn: loop.turnNumber) else {
      return loop.resumeLater(self)
    }
    switch handshake() {
    case .underWay: return
    case .done:
      guard let session else { return }
      // A resumed session carries the certificate that was verified when it began.
      if session.isResumed, let peer = session.peer, peer.notAfter < worker.unixSeconds {
        return securingFailed(TLSFault(.certificateExpired, "resumed", subject: peer.subject))
      }
      isSecuring = false
      securedPeer = SecuredPeer(session)
      worker.handshakes.count(session.isResumed ? "resumed" : "ok", of: settings.name, worker)
      secured()
    case .failed(let fault): securingFailed(fault)
    }
  }

  /// What came behind the handshake is the first request.
  private func secured() {
    if isOfTCP { return beginTunnel() }
    idleBegins()
    // Only what was agreed is served: HTTP/1.1 on such a connection is a bad preface.
    if session?.applicationProtocol == .http2 { beginHTTP2() }
    if mayReceive || !input.isEmpty { proceed() }
  }

  func securingFailed(_ fault: TLSFault) {
    if fault.reason == .plaintext, settings.tls?.isPermissive == true {
      isSecuring = false
      forgoSecure()
      worker.handshakes.count("plaintext_accepted", of: settings.name, worker)
      return secured()
    }
    worker.handshakes.failed(
      HandshakeFailure(
        side: .listener, name: settings.name, peer: peer.map { "\($0)" } ?? "unix", fault: fault),
      worker)
    isSecuring = false
    // The alert has been sent, and is to get there although the client may still be sending. One that
    // spoke plaintext, or has said nothing in time, is not told anything that it would understand.
    if fault.reason == .plaintext || fault.reason == .timeout { close() } else { linger() }
  }
}
