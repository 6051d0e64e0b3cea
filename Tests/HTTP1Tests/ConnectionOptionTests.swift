import HTTP1
import HTTPModel
import Primitives
import Testing

/// The ceilings on `Connection`, of requests and responses alike: every field that is copied is held
/// against all of its options.
struct ConnectionOptionTests {
  private func faults(_ fields: String) -> (HeadFault?, HeadFault?) {
    let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
    let response = Array("HTTP/1.1 200 OK\r\n\(fields)\r\n".utf8)
    var requestFault: HeadFault?
    var responseFault: HeadFault?
    var requests = RequestDecoder(limits: HeadLimits())
    do throws(HeadFault) {
      _ = try requests.decode(request.span, into: HTTP1RequestHead())
    } catch {
      requestFault = error
    }
    var responses = ResponseDecoder(limits: HeadLimits())
    do throws(HeadFault) {
      _ = try responses.decode(response.span, answering: .get, into: HTTP1ResponseHead())
    } catch {
      responseFault = error
    }
    return (requestFault, responseFault)
  }

  @Test func accepts32Options() {
    let line = "Connection: " + Array(repeating: "a", count: 16).joined(separator: ", ") + "\r\n"
    #expect(faults(line + line) == (nil, nil))
  }

  @Test(arguments: [
    "Connection: " + Array(repeating: "a", count: 33).joined(separator: ",") + "\r\n",
    String(repeating: "Connection: a\r\n", count: 33),
    "Connection: a" + String(repeating: ",", count: 1024) + "\r\n",
    "Connection: " + String(repeating: "a", count: 1025) + "\r\n",
    String(repeating: "Connection: a, " + String(repeating: " ", count: 100) + "b\r\n", count: 11),
  ])
  func refusesMore(fields: String) {
    #expect(faults(fields) == (.tooManyConnectionOptions, .tooManyConnectionOptions))
  }

  @Test func answers431And502() {
    let fault = HeadFault.tooManyConnectionOptions
    #expect(fault.requestFailure.row.status == 431)
    #expect(fault.responseFailure.row.status == 502)
  }
}
