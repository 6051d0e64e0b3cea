import Discovery
import Primitives

/// Where a command finds the admin listener of a proxy.
package enum AdminAddress {
  /// The address of the examples, where neither an option nor `WEIR_ADMIN` says another.
  package static let usual = "127.0.0.1:9901"

  package struct Fault: Error, CustomStringConvertible {
    package var description: String
  }

  /// Reads `127.0.0.1:9901`, `localhost:9901`, `unix:/run/weir.sock` or `http://host:9901/any/path`.
  /// Blocks while a host name is looked up.
  package static func resolve(
    _ text: String,
    lookUp: (String, UInt16) -> [SocketAddress]? = { NameResolver.resolve($0, port: $1) }
  ) throws(Fault) -> SocketAddress {
    if text.hasPrefix("https://") {
      throw Fault(description: "the admin listener speaks plain HTTP; write http:// in \(text)")
    }
    var place = Substring(text)
    if text.hasPrefix("http://") { place = place.dropFirst(7).prefix { $0 != "/" } }
    if let address = SocketAddress(String(place)) { return address }
    guard let colon = place.lastIndex(of: ":"), colon > place.startIndex,
      let port = SocketAddress.port(place[place.index(after: colon)...])
    else {
      throw Fault(
        description: "\(text) is no admin address; write one such as \(usual), localhost:9901, "
          + "unix:/run/weir.sock or http://localhost:9901")
    }
    let host = String(place[..<colon])
    guard let address = lookUp(host, port)?.first else {
      throw Fault(description: "the host \(host) of the admin address is not known")
    }
    return address
  }
}
