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

  /// Whether `answer` is one protocol, and one of those in `offer`: none else may be switched to.
  package static func takes(_ answer: Span<UInt8>, of offer: Span<UInt8>) -> Bool {
    let answer = answer.extracting(Token.trimmed(answer, 0..<answer.count))
    guard answer.count > 0 else { return false }
    return !Token.eachElement(of: offer, in: 0..<offer.count) { element in
      !HeadEncoder.equalIgnoringCase(offer.extracting(element), answer)
    }
  }

  private static func carriesRequests(_ name: Span<UInt8>) -> Bool {
    if ByteScan.equalIgnoringCase(name, "h2c") || ByteScan.equalIgnoringCase(name, "h2") {
      return true
    }
    return name.count >= 5 && ByteScan.equalIgnoringCase(name.extracting(0..<5), "http/")
  }
}
