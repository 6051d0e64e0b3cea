import Primitives
import Reactor
import Telemetry
import Transport
import Upstreams

/// One connection of a TCP listener as one line of JSON, with the names that requests have.
enum TCPLogLine {
  static func write(_ tunnel: TCPTunnel, _ failure: FailureKind?, to out: Buffer) {
    let worker = tunnel.worker
    let client = tunnel.client
    let nanoseconds = max(tunnel.now.nanoseconds(since: tunnel.startedAt), 0)
    var json = JSONWriter(out)
    AccessLogLine.writeTimes(worker, nanoseconds, &json, out)
    let instance = tunnel.listener.proxySettings.instance
    if !instance.isEmpty { json.text("instance", instance.span) }
    let text = client.peerText
    json.text("client", text.span)
    if let port = client.peer?.port { json.number("client_port", UInt64(port)) }
    if let secured = client.securedPeer { AccessLogLine.writeSecurity(secured, &json) }
    json.text("protocol", "tcp")
    json.text("failure", failure?.row.name ?? "none")
    if failure == .authorizationDenied {
      json.text("rule", tunnel.denyingRule.map { "\($0)" } ?? "default")
    }
    json.text("listener", tunnel.listener.settings.name)
    json.text("upstream", tunnel.upstream.plan.name)
    if let endpoint = tunnel.attempt.endpoint?.text { json.text("endpoint", endpoint.span) }
    json.number("attempts", tunnel.connects)
    json.number("request_bytes", tunnel.sentBytes)
    json.number("response_bytes", tunnel.receivedBytes)
    json.number("duration_us", UInt64(nanoseconds) / 1000)
    if let at = tunnel.connectedAt {
      json.number("connect_us", UInt64(max(at.nanoseconds(since: tunnel.startedAt), 0)) / 1000)
    }
    json.end()
  }
}
