import Logging
import Primitives
import ProxyConfiguration
import TLS

/// Certificates, keys and trust bundles: looked at every second, and told of.
extension ControlPlane {
  /// Changed files are used from now on, or it is told why not.
  func lookAtIdentities() {
    let changes = identities.look()
    for change in changes { note(change) }
    if !changes.isEmpty { publishIdentities() }
  }

  /// What the pages and the metrics tell of certificates.
  func publishIdentities() {
    statusPages.set(identityFaults: identities.faults)
    for (holder, notAfter) in identities.ends {
      controlCounters.set(
        "weir_certificate_not_after_seconds",
        help: "When the certificate in use ends, in seconds since 1970.",
        ["listener": holder.labels.listener, "upstream": holder.labels.upstream],
        UInt64(clamping: notAfter))
    }
  }

  private func note(_ change: Identities.Change) {
    switch change {
    case .adopted(let holder):
      count(holder, "adopted")
      let leaf = identities.slot(holder).current.credentials?.leaf
      log.notice(
        "changed certificate files are in use",
        metadata: ["holder": "\(holder)", "subject": "\(leaf?.subject ?? "none")"])
    case .refused(let holder, let fault):
      count(holder, "refused")
      log.error(
        "changed certificate files cannot be used; those before stay in use",
        metadata: ["holder": "\(holder)", "key": "tls.\(fault.key)", "fault": "\(fault.message)"])
    }
  }

  private func count(_ holder: IdentityHolder, _ result: String) {
    controlCounters.add(
      "weir_certificate_reloads_total",
      help: "Changes of certificate files, by what became of them.",
      [
        "listener": holder.labels.listener, "upstream": holder.labels.upstream, "result": result,
      ])
  }
}
