import DataPath
import Primitives
import ProxyConfiguration
import Reactor
import TLS

/// The identities of a configuration: for each listener and upstream that is secured, the slot that
/// workers take their TLS context from, and the files that it is made of.
///
/// Files are looked at every second; changed ones are used once they pass the guard rails, and until then
/// those before stay in use. Certificate and key may change in either order: the half of a pair is a
/// fault until the other half is there. Confinement: the control queue, but for `prepare`.
final class Identities {
  /// What became of a change, for the log and the metrics.
  enum Change {
    case adopted(IdentityHolder)
    case refused(IdentityHolder, IdentityFault)
  }

  struct Entry {
    var settings: TLSConfiguration
    var slot: IdentitySlot
    var stamps: [SystemFile.Stamp?]
    /// Why the newest files are not in use.
    var fault: IdentityFault?
  }

  typealias Table = [IdentityHolder: Entry]

  private var entries: Table = [:]
  /// One ring of keys for all listeners: which trust a ticket was made under stands in the session.
  private let tickets: TicketKeys

  init(now: @escaping @Sendable () -> Instant) {
    tickets = TicketKeys(now: now)
  }

  /// Contexts for what `configuration` secures; those whose settings are the same keep theirs. Nothing is
  /// changed before `adopt`. Errors: files cannot be used.
  func prepare(_ configuration: Configuration) throws(IdentityFault) -> Table {
    var fresh: Table = [:]
    for (name, settings) in Self.wanted(configuration) {
      if let known = entries[name], known.settings == settings {
        fresh[name] = known
        continue
      }
      let stamps = settings.files.map { SystemFile.stamp($0) }
      do throws(IdentityFault) {
        fresh[name] = Entry(
          settings: settings,
          slot: IdentitySlot(try IdentityFiles.context(settings, tickets: tickets)),
          stamps: stamps)
      } catch {
        throw IdentityFault(key: error.key, message: "\(name): \(error.message)")
      }
    }
    return fresh
  }

  func adopt(_ table: Table) { entries = table }

  private static func wanted(
    _ configuration: Configuration
  ) -> [(IdentityHolder, TLSConfiguration)] {
    configuration.listeners.compactMap { listener in
      listener.tls.map { (.listener(listener.name), $0) }
    }
      + configuration.upstreams.compactMap { upstream in
        upstream.tls.map { (.upstream(upstream.name), $0) }
      }
  }

  /// Precondition: the configuration that was adopted secures it.
  func slot(_ holder: IdentityHolder) -> IdentitySlot {
    guard let entry = entries[holder] else { preconditionFailure("\(holder) has no identity") }
    return entry.slot
  }

  /// Looks at the files. Cost: a stat(2) a file, and about 2 ms for what has changed.
  func look() -> [Change] {
    var changes: [Change] = []
    for (name, entry) in entries {
      let stamps = entry.settings.files.map { SystemFile.stamp($0) }
      guard stamps != entry.stamps else { continue }
      entries[name]?.stamps = stamps
      do throws(IdentityFault) {
        let context = try IdentityFiles.context(entry.settings, tickets: tickets)
        entry.slot.put(context)
        entries[name]?.fault = nil
        changes.append(.adopted(name))
      } catch {
        entries[name]?.fault = error
        changes.append(.refused(name, error))
      }
    }
    return changes
  }

  /// What is in use although newer files are there, in sentences.
  var faults: [String] {
    entries.compactMap { name, entry in
      entry.fault.map {
        "\(name): tls.\($0.key): \($0.message); the certificate before stays in use"
      }
    }.sorted()
  }

  /// When certificates end, in seconds since 1970, by name.
  var ends: [(holder: IdentityHolder, notAfter: Int64)] {
    entries.compactMap { name, entry in
      entry.slot.current.credentials.map { (name, $0.leaf.notAfter) }
    }.sorted { $0.holder < $1.holder }
  }
}
