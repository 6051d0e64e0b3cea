import HTTPModel
import Primitives

/// What an `Upgrade` field offers or takes (RFC 9110 §7.8).
package enum UpgradeField {
  /// An upgrade is asked for and may be passed on. Any method may ask, with or without a body
  /// (RFC 9110 §7.8): Docker's clients do so with POST.
  package static func isRequested(_ head: RequestHead, _ bytes: Span<UInt8>) -> Bool {
    guard head.wantsUpgrade else { return false }
    for field in head.fields where field.id == .upgrade {
      if !mayPass(bytes.extracting(field.value.bounds)) { return false }
    }
    return true
  }

  /// The endpoint switches to protocols that the client offered, one or several layers of them, in
  /// a single field.
  package static func isAgreed(
    _ answer: ResponseHead, _ response: Span<UInt8>, to head: RequestHead, _ request: Span<UInt8>
  ) -> Bool {
    guard isRequested(head, request) else { return false }
    var answers = 0
    var isOffered = false
    for field in answer.fields where field.id == .upgrade {
      answers += 1
      isOffered = takes(response.extracting(field.value.bounds)) { layer in
        head.fields.contains { offer in
          offer.id == .upgrade && offers(layer, in: request.extracting(offer.value.bounds))
        }
      }
    }
    return answers == 1 && isOffered
  }

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
      !ByteScan.equalIgnoringCase(offer.extracting(element), name)
    }
  }

  private static func carriesRequests(_ name: Span<UInt8>) -> Bool {
    if ByteScan.equalIgnoringCase(name, "h2c") || ByteScan.equalIgnoringCase(name, "h2") {
      return true
    }
    return name.count >= 5 && ByteScan.equalIgnoringCase(name.extracting(0..<5), "http/")
  }
}
