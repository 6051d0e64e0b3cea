/// An authority, and a server and a client that it has issued certificates to.
struct TestPeers {
  let authority: TestAuthority
  let server: TestAuthority.Issued
  let client: TestAuthority.Issued

  init() throws {
    authority = try TestAuthority()
    server = try authority.issue("server", TestAuthority.server)
    client = try authority.issue("client", TestAuthority.client)
  }
}
