import HTTPModel
import Primitives

/// What an `Upgrade` field offers or takes (RFC 9110 §7.8).
package enum UpgradeField {
  /// Whether an offer may be passed on: not one to speak HTTP/2, in whatever place of the list. That
  /// would carry requests past routing, field rules and the log.
  package static func mayPass(_ offer: Span<UInt8>) -> Bool {
    Token.eachElement(of: offer, in: 0..<offer.count) { element in
      !carriesRequests(offer.extracting(element))
    }
  }

  /// Whether `answer` names at least one protocol, and each that it names `isOffered`: to none else
  /// may be switched. Several are layers of one another (RFC 9110 §7.8).
  package static func takes(
    _ answer: Span<UInt8>, _ isOffered: (Span<UInt8>) -> Bool
  ) -> Bool {
    var count = 0
    let allOffered = Token.eachElement(of: answer, in: 0..<answer.count) { element in
      count += 1
      return isOffered(answer.extracting(element))
    }
    return allOffered && count > 0
  }

  /// Whether `name` is among those that `offer` lists.
  package static func offers(_ name: Span<UInt8>, in offer: Span<UInt8>) -> Bool {
    !Token.eachElement(of: offer, in: 0..<offer.count) { element in
      !HeadEncoder.equalIgnoringCase(offer.extracting(element), name)
    }
  }

  private static func carriesRequests(_ name: Span<UInt8>) -> Bool {
    if ByteScan.equalIgnoringCase(name, "h2c") || ByteScan.equalIgnoringCase(name, "h2") {
      return true
    }
    return name.count >= 5 && ByteScan.equalIgnoringCase(name.extracting(0..<5), "http/")
  }
}
