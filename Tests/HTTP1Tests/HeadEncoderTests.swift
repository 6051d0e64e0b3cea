import HTTP1
import HTTPModel
import Primitives
import Testing

/// What is copied from head to head, and what is left behind.
struct HeadEncoderTests {
  private func copy(_ fields: String, others: [String] = []) throws -> String {
    let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
    var decoder = RequestDecoder(limits: HeadLimits())
    let head = HTTP1RequestHead()
    let isWhole = try decoder.decode(bytes.span, into: head)
    try #require(isWhole)
    let out = Buffer(capacity: 65_536)
    let fits = HeadEncoder.copyFields(
      head.fields, of: bytes.span, omitting: FieldSet.hopByHop.union(FieldSet(.host)),
      others: others.map { Array($0.utf8) }, nominatesOthers: head.nominatesOthers, to: out)
    try #require(fits)
    var text: [UInt8] = []
    for index in out.readable.indices { text.append(out.readable[index]) }
    return String(decoding: text, as: UTF8.self)
  }

  /// CGI and WSGI services read both spellings as one.
  @Test(arguments: [
    "X_Forwarded_For", "x-forwarded_for", "X_FORWARDED_PROTO", "X_Forwarded_Host", "X_Request_Id",
    "Transfer_Encoding", "Content_Length", "Keep_Alive", "X_B3_TraceId", "Idempotency_Key",
    "X_Forwarded_Foo", "X_Real_Ip", "X.Forwarded.For", "Transfer.Encoding", "Proxy*Authorization",
  ])
  func dropsKnownNamesInDisguise(name: String) throws {
    #expect(try copy("X-A: 1\r\n\(name): 6.6.6.6\r\nX-B: 2\r\n") == "X-A: 1\r\nX-B: 2\r\n")
  }

  @Test(arguments: ["X_Tenant", "X_Reals_Ip", "X-A.B", "_x-forwarded-for", "Content_Lengths"])
  func keepsOtherNamesWithUnderscores(name: String) throws {
    #expect(try copy("\(name): 1\r\n") == "\(name): 1\r\n")
  }

  @Test func dropsWhatARouteRemovesInDisguiseToo() throws {
    let fields = "X-User: 1\r\nX_User: 2\r\nx-uSER: 3\r\nX-Userx: 4\r\n"
    #expect(try copy(fields, others: ["x-user"]) == "X-Userx: 4\r\n")
    // Who removes the spelling with "_" means that one.
    #expect(try copy("X-User: 1\r\nX_User: 2\r\n", others: ["x_user"]) == "X-User: 1\r\n")
  }

  @Test func dropsWhatConnectionNominates() throws {
    let fields =
      "Connection: x-a,, X-B\r\nConnection: x-c\r\nX-A: 1\r\nx-b: 2\r\nX-C: 3\r\nX-D: 4\r\n"
    #expect(try copy(fields) == "X-D: 4\r\n")
  }
}
