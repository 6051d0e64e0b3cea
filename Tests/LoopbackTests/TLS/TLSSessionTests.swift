import Foundation
import Primitives
import Testing

@testable import TLS

/// Handshakes and records in memory, both sides ours: who is let in, who is not, and what it is called.
struct TLSSessionTests {
  private let authority: TestAuthority

  init() throws { authority = try TestAuthority() }

  private static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
  }

  private func credentials(_ issued: TestAuthority.Issued) throws -> Credentials {
    var key = try Self.bytes(issued.key)
    let made = try Credentials(certificate: try Self.bytes(issued.certificate), key: &key)
    #expect(key.allSatisfy { $0 == 0 }, "the key's text is overwritten")
    return made
  }

  private func context(
    _ role: TLSContext.Role, _ issued: TestAuthority.Issued?, _ rules: PeerRules,
    tickets: TicketKeys? = nil, _ change: (inout TLSContext.Settings) -> Void = { _ in }
  ) throws -> TLSContext {
    var settings = TLSContext.Settings(role: role, peer: rules)
    change(&settings)
    return try TLSContext(
      settings, credentials: try issued.map(credentials),
      bundle: try TrustBundle(Self.bytes(authority.bundle)), tickets: tickets)
  }

  /// Both sides of one connection.
  private final class Pair {
    let client: TLSSession
    let server: TLSSession
    let toServer = Buffer(capacity: 1 << 18)
    let toClient = Buffer(capacity: 1 << 18)

    init(_ client: TLSContext, _ server: TLSContext, resuming: TLSResumption? = nil) throws {
      self.client = try TLSSession(client, resuming: resuming)
      self.server = try TLSSession(server)
    }

    /// How it ended at the client and at the server; nil: it is done there. In TLS 1.3 a client learns only
    /// from its first read that it was refused.
    func shake() -> (client: TLSFault?, server: TLSFault?) {
      var faults: (client: TLSFault?, server: TLSFault?)
      for _ in 0..<8 {
        if !client.isEstablished, faults.client == nil,
          case .failed(let fault) = client.handshake(toClient, toServer)
        {
          faults.client = fault
        }
        if !server.isEstablished, faults.server == nil,
          case .failed(let fault) = server.handshake(toServer, toClient)
        {
          faults.server = fault
        }
      }
      if client.isEstablished, case .failed(let fault) = client.lookAhead(toClient, toServer) {
        faults.client = fault
      }
      return faults
    }

    func send(_ text: [UInt8], from side: TLSSession, to other: TLSSession, _ wire: Buffer)
      -> [UInt8]
    {
      let plain = Buffer(capacity: max(text.count, 1))
      plain.append(text)
      while !plain.isEmpty { #expect(side.encrypt(plain, into: wire).bytes > 0) }
      let got = Buffer(capacity: text.count + 1)
      let unused = Buffer(capacity: 1024)
      while got.count < text.count {
        guard other.decrypt(wire, into: got, upTo: text.count - got.count, unused).bytes > 0 else {
          break
        }
      }
      let span = got.readable
      return span.indices.map { span[$0] }
    }
  }

  private static let asked = PeerRules(certificate: .required)
  private static let unasked = PeerRules(certificate: .none)

  private static func of(_ ids: String...) -> PeerRules {
    PeerRules(certificate: .required, workloads: ids.compactMap { SPIFFEPattern($0) })
  }

  @Test func bothKnowEachOther() throws {
    let server = try authority.issue("server", TestAuthority.server)
    let client = try authority.issue("client", TestAuthority.client)
    let pair = try Pair(
      context(.client, client, Self.of("spiffe://ndp.test/ns/default/svc/server")),
      context(.server, server, Self.asked))
    let (atClient, atServer) = pair.shake()
    #expect(atClient == nil && atServer == nil)
    #expect(pair.server.version == "TLSv1.3" && pair.server.applicationProtocol == .http1)
    #expect(try pair.server.peer?.workloadID()?.text == "spiffe://ndp.test/ns/default/svc/client")
    #expect(pair.client.peer?.hostNames == ["localhost"])
    #expect(pair.client.peer?.subject == "CN=server")
  }

  @Test(arguments: [1, 100, 16_384, 16_385, 100_000])
  func carriesBytes(_ count: Int) throws {
    let server = try authority.issue("server", TestAuthority.server)
    let pair = try Pair(context(.client, nil, Self.asked), context(.server, server, Self.unasked))
    _ = pair.shake()
    let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(pair.send(text, from: pair.client, to: pair.server, pair.toServer) == text)
    #expect(pair.send(text, from: pair.server, to: pair.client, pair.toClient) == text)
    pair.client.close(pair.toServer)
    let rest = Buffer(capacity: 16)
    #expect(pair.server.decrypt(pair.toServer, into: rest, upTo: 16, pair.toClient).step == .ended)
  }

  /// A client that is refused, and what the refusal is called.
  @Test(arguments: [
    ("missing", TLSFault.Reason.certificateMissing), ("foreign", .certificateUntrusted),
    ("expired", .certificateExpired), ("early", .certificateNotYetValid),
    ("twoNames", .certificateInvalid), ("authority", .certificateInvalid),
    ("signer", .certificateInvalid), ("noID", .certificateInvalid),
  ])
  func refusesClients(_ kind: String, _ reason: TLSFault.Reason) throws {
    let server = try authority.issue("server", TestAuthority.server)
    let other = try TestAuthority(named: "Other")
    var client: TestAuthority.Issued?
    switch kind {
    case "missing": break
    case "foreign": client = try other.issue("client", TestAuthority.client)
    case "expired": client = try authority.issue("client", TestAuthority.client, dates: .expired)
    case "early": client = try authority.issue("client", TestAuthority.client, dates: .notYet)
    case "twoNames":
      client = try authority.issue("client", TestAuthority.client + ",URI:spiffe://ndp.test/b")
    case "authority":
      client = try authority.issue(
        "client", TestAuthority.client, rules: ["basicConstraints=critical,CA:TRUE"])
    case "signer":
      client = try authority.issue(
        "client", TestAuthority.client,
        rules: [
          "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature,keyCertSign",
        ])
    default: client = try authority.issue("client", "URI:spiffe://ndp.test/a/../b")
    }
    let pair = try Pair(
      context(.client, client, Self.asked), context(.server, server, Self.asked))
    let (atClient, atServer) = pair.shake()
    #expect(atServer?.reason == reason, "\(atServer?.text ?? "it was let in")")
    #expect(atClient?.reason == .alertReceived, "\(atClient?.text ?? "no alert")")
    if kind != "missing" { #expect(atServer?.subject == "CN=client") }
  }

  /// Whom a client takes for the server, and whom not.
  @Test(
    arguments: [
      ("spiffe://ndp.test/ns/default/svc/server", nil, true),
      ("spiffe://ndp.test/ns/default/*", nil, true), ("spiffe://ndp.test/*", nil, true),
      ("spiffe://ndp.test/ns/default/svc/client", nil, false), ("spiffe://other/*", nil, false),
      (nil, "localhost", true), (nil, "127.0.0.1", true), (nil, "other", false),
      (nil, "server", false), (nil, "127.0.0.2", false),
    ] as [(String?, String?, Bool)])
  func judgesServers(_ id: String?, _ host: String?, _ isRight: Bool) throws {
    let server = try authority.issue("server", TestAuthority.server)
    var rules = Self.asked
    rules.workloads = id.flatMap { SPIFFEPattern($0) }.map { [$0] } ?? []
    rules.hostName = host
    let pair = try Pair(context(.client, nil, rules), context(.server, server, Self.unasked))
    let (atClient, atServer) = pair.shake()
    if isRight {
      #expect(atClient == nil && atServer == nil)
    } else {
      #expect(atClient?.reason == .identityMismatch && atClient?.subject == "CN=server")
      #expect(atServer?.reason == .alertReceived)
    }
  }

  /// The subject's CN counts for nothing, whether there is another name or not.
  @Test func theCommonNameIsNoName() throws {
    for names in ["DNS:other", nil] {
      let server = try authority.issue("localhost", names)
      var rules = Self.asked
      rules.hostName = "localhost"
      let pair = try Pair(context(.client, nil, rules), context(.server, server, Self.unasked))
      #expect(pair.shake().client?.reason == .identityMismatch)
    }
  }

  @Test func agreesOnOneProtocolOrRefuses() throws {
    let server = try authority.issue("server", TestAuthority.server)
    let other = try Pair(
      context(.client, nil, Self.asked) { $0.protocols = [.http2] },
      context(.server, server, Self.unasked) { $0.protocols = [.http1] })
    let (atClient, atServer) = other.shake()
    #expect(atServer?.reason == .noApplicationProtocol && atClient?.reason == .alertReceived)
    let silent = try Pair(
      context(.client, nil, Self.asked) { $0.protocols = [] },
      context(.server, server, Self.unasked))
    #expect(silent.shake().server == nil && silent.server.applicationProtocol == nil)
  }

  @Test func anOldVersionIsSpokenOnlyWhereItIsAllowed() throws {
    let server = try authority.issue("server", TestAuthority.server)
    for allowed in [TLSContext.Version.v12, .v13] {
      let pair = try Pair(
        context(.client, nil, Self.asked) { $0.minimumVersion = .v12 },
        context(.server, server, Self.unasked) { $0.minimumVersion = allowed })
      #expect(pair.shake().server == nil && pair.server.version == "TLSv1.3")
    }
  }

  // MARK: Resumption

  @Test func aTicketSavesAHandshakeUntilTrustChanges() throws {
    let server = try authority.issue("server", TestAuthority.server)
    let client = try authority.issue("client", TestAuthority.client)
    let keys = TicketKeys { Instant(nanoseconds: 1) }
    let serving = try context(.server, server, Self.asked, tickets: keys)
    let calling = try context(.client, client, Self.asked)
    let first = try Pair(calling, serving)
    #expect(first.shake().server == nil && !first.server.isResumed)
    _ = first.send([1], from: first.server, to: first.client, first.toClient)
    let kept = try #require(first.client.resumption)
    // A renewed certificate under the same trust goes on with it, and still knows who it is.
    let renewed = try context(.server, server, Self.asked, tickets: keys)
    let second = try Pair(calling, renewed, resuming: kept)
    #expect(second.shake().server == nil && second.server.isResumed)
    #expect(try second.server.peer?.workloadID()?.path == "/ns/default/svc/client")
    // What is asked of clients is another thing now: they are verified anew.
    let stricter = try context(
      .server, server, Self.of("spiffe://ndp.test/ns/default/svc/other"), tickets: keys)
    let third = try Pair(calling, stricter, resuming: kept)
    #expect(third.shake().server?.reason == .identityMismatch)
  }

  @Test func ticketKeysRotateAndTheOneBeforeStillOpens() throws {
    let clock = Lock(Instant(nanoseconds: 1))
    let keys = TicketKeys { clock.withLock { $0 } }
    let first = try #require(keys.sealing())
    #expect(keys.sealing()?.name == first.name)
    clock.withLock { $0 = $0.advanced(by: .seconds(12 * 3600)) }
    let second = try #require(keys.sealing())
    #expect(second.name != first.name && second.cipher != first.cipher)
    #expect(keys.opening(first.name)?.isNewest == false)
    #expect(keys.opening(second.name)?.isNewest == true)
    clock.withLock { $0 = $0.advanced(by: .seconds(12 * 3600)) }
    _ = keys.sealing()
    #expect(keys.opening(first.name) == nil)
  }

  // MARK: Bad input

  /// Whatever bytes come instead of records, the session fails by name and goes no further.
  @Test func bytesThatAreNoRecordsFail() throws {
    let server = try authority.issue("server", TestAuthority.server)
    var random = RandomSource(seed: 7)
    for round in 0..<200 {
      let pair = try Pair(
        context(.client, nil, Self.asked), context(.server, server, Self.unasked))
      if round % 2 == 0 {
        _ = pair.shake()
        let junk = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        pair.toServer.append(junk)
        let plain = Buffer(capacity: 1024)
        let (count, step) = pair.server.decrypt(
          pair.toServer, into: plain, upTo: 1024, pair.toClient)
        #expect(count == 0)
        if case .failed = step {} else { #expect(step == .wantsInput) }
      } else {
        _ = pair.client.handshake(pair.toClient, pair.toServer)
        let place = Int(random.next() % UInt64(pair.toServer.count))
        pair.toServer.replace(at: place, with: UInt8(truncatingIfNeeded: random.next()))
        _ = pair.shake()
      }
    }
  }

  // MARK: Guard rails

  @Test func guardRailsSayWhatIsWrong() throws {
    let issued = try authority.issue("server", TestAuthority.server)
    let other = try authority.issue("other", TestAuthority.client)
    var key = try Self.bytes(other.key)
    let mismatch = #expect(throws: CredentialFault.self) {
      try Credentials(certificate: Self.bytes(issued.certificate), key: &key)
    }
    #expect(mismatch?.message.hasPrefix("the key does not belong to the certificate") == true)
    let expired = try credentials(authority.issue("old", TestAuthority.server, dates: .expired))
    #expect(throws: CredentialFault.self) { try expired.checkDates(unixSeconds: 1_700_000_000) }
    let foreign = try TestAuthority(named: "Other")
    let stranger = try credentials(foreign.issue("server", TestAuthority.server))
    #expect(throws: CredentialFault.self) {
      try stranger.checkChain(to: TrustBundle(Self.bytes(authority.bundle)))
    }
    try credentials(issued).checkChain(to: TrustBundle(Self.bytes(authority.bundle)))
    #expect(throws: CredentialFault.self) { try TrustBundle(Array("nothing".utf8)) }
    let cut =
      Array(try Self.bytes(authority.bundle).dropLast(60))
      + Array("\n-----END CERTIFICATE-----\n".utf8)
    #expect(throws: CredentialFault.self) { try TrustBundle(cut) }
    try TrialHandshake.run(credentials(issued), .v13)
  }
}
