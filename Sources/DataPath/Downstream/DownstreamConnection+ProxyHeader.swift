import Primitives
import Reactor
import Telemetry
import Transport

/// The header of the PROXY protocol, before everything else of a connection.
///
/// Why first: it stands before TLS too, and says who all that follows is from. It is taken from trusted proxies
/// alone, and asked of each: a connection without one could be anybody's.
extension DownstreamConnection {
  func awaitProxyHeader() {
    guard listener.current.proxySettings.trusts(peer) else { return refuseHeader(.untrusted) }
    awaitsProxyHeader = true
    let wait = settings.tls?.handshakeNanoseconds ?? ListenerSettings.proxyHeaderNanoseconds
    loop.arm(self, at: loop.now.advanced(byNanoseconds: wait))
  }

  func readProxyHeader() {
    if !input.hasBlock, !worker.pool.lend(to: input) { worker.pool.lendBeyondBudget(to: input) }
    while true {
      switch receive(into: input) {
      case .bytes: break
      case .wouldBlock:
        if input.isEmpty { worker.pool.reclaim(from: input) }
        return
      case .endOfStream, .failed: return refuseHeader(.closed)
      }
      let block = input
      let bytes = block.readable
      switch ProxyHeader.read(bytes) {
      case .incomplete: continue
      case .refused(let fault): return refuseHeader(fault)
      case .whole(let header): return took(header)
      }
    }
  }

  private func took(_ header: ProxyHeader) {
    awaitsProxyHeader = false
    count(header.source == nil ? "local" : "v\(header.version)")
    input.consume(header.count)
    if input.isEmpty { worker.pool.reclaim(from: input) }
    if let source = header.source { isFrom(source) }
    startBehindHeader()
    if isOpen { proceed() }
  }

  func refuseHeader(_ fault: ProxyHeader.Fault) {
    awaitsProxyHeader = false
    count(fault.rawValue)
    if worker.headerRefusals.takes(now: loop.now) {
      worker.report(
        .proxyHeaderRefused(
          listener: settings.name, peer: peer.map { "\($0)" } ?? "unix", reason: fault.rawValue))
    }
    close()
  }

  private func count(_ result: String) {
    worker.rare.add(
      "weir_proxy_protocol_headers_total",
      help: "Headers of the PROXY protocol, by version, or why the connection was closed.",
      ["listener": settings.name, "result": result])
  }
}
