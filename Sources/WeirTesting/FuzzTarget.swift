import HTTP1
import HTTPModel
import Primitives
import ProxyConfiguration

/// What is fuzzed, each with what must hold for any bytes; a trap is a finding, so is a verdict
/// that depends on how the bytes were split.
package enum FuzzTarget: String, CaseIterable, Sendable {
  case request, response, chunked, configuration, http2, proxy

  package func run(_ bytes: [UInt8]) {
    switch self {
    case .request: Self.request(bytes)
    case .response: Self.response(bytes)
    case .chunked: Self.chunked(bytes)
    case .configuration: Self.configuration(bytes)
    case .http2: Self.http2(bytes)
    case .proxy: Self.proxy(bytes)
    }
  }

  private enum Verdict: Equatable {
    case accepted(bytes: Int, framing: BodyFraming)
    case refused(HeadFault)
    case unfinished
  }

  /// Where the bytes are cut in two: anywhere, but the same for the same bytes.
  private static func split(_ bytes: [UInt8]) -> Int {
    bytes.isEmpty ? 0 : bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % (bytes.count + 1)
  }

  /// Bytes that arrive one by one where there are few, else in two parts.
  static func ways(_ bytes: [UInt8]) -> [[Int]] {
    let parts = [[bytes.count], [split(bytes), bytes.count]]
    return bytes.count <= 512 ? parts + [Array(0...bytes.count)] : parts
  }

  private static func request(_ bytes: [UInt8]) {
    func judge(_ parts: [Int]) -> Verdict {
      var decoder = RequestDecoder(limits: HeadLimits())
      let head = HTTP1RequestHead()
      var seen = 0
      do throws(HeadFault) {
        for end in parts {
          seen = end
          if try decoder.decode(bytes.span.extracting(0..<end), into: head) {
            return .accepted(bytes: head.headBytes, framing: head.framing)
          }
        }
      } catch {
        salvage(decoder, bytes.span.extracting(0..<seen), head)
        return .refused(error)
      }
      salvage(decoder, bytes.span.extracting(0..<seen), head)
      return .unfinished
    }
    agree(bytes, judge)
  }

  /// What is kept of a head that is refused lies inside the bytes that came.
  private static func salvage(
    _ decoder: RequestDecoder, _ bytes: Span<UInt8>, _ head: HTTP1RequestHead
  ) {
    let part = decoder.salvage(bytes, into: head)
    if part >= .method {
      precondition(head.methodText.end <= bytes.count && !head.methodText.isEmpty)
    }
    if part >= .target { precondition(head.target.end <= bytes.count && !head.target.isEmpty) }
    precondition(part == .line || head.fields.isEmpty, "fields of another request")
    for field in head.fields {
      precondition(field.name.end <= bytes.count && field.value.end <= bytes.count)
    }
  }

  private static func response(_ bytes: [UInt8]) {
    for method in [Method.get, .head] {
      agree(bytes) { parts in
        var decoder = ResponseDecoder(limits: HeadLimits())
        let head = HTTP1ResponseHead()
        do throws(HeadFault) {
          for end in parts
          where try decoder.decode(bytes.span.extracting(0..<end), answering: method, into: head) {
            precondition(method != .head || head.framing == .none, "a body in an answer to HEAD")
            return .accepted(bytes: head.headBytes, framing: head.framing)
          }
        } catch {
          return .refused(error)
        }
        return .unfinished
      }
    }
  }

  private static func agree(_ bytes: [UInt8], _ judge: ([Int]) -> Verdict) {
    let verdicts = ways(bytes).map(judge)
    for verdict in verdicts {
      precondition(verdict == verdicts[0], "\(verdicts[0]) at once, \(verdict) in parts")
    }
  }
  private static func chunked(_ bytes: [UInt8]) {
    func payload(_ parts: [Int]) -> [UInt8]? {
      let decoder = BodyDecoder(framing: .chunked)
      var result: [UInt8] = []
      var start = 0
      do throws(BodyFault) {
        for end in parts {
          while start <= end {
            let offered = bytes.span.extracting(start..<end)
            let step = try decoder.decode(offered)
            precondition(step.framing + step.payload <= offered.count, "took more than was there")
            result += bytes[start + step.framing..<start + step.framing + step.payload]
            start += step.framing + step.payload
            if step.isComplete { return result + [1] }
            if step.isStuck { break }
          }
        }
      } catch {
        return nil
      }
      return result + [0]
    }
    let whole = payload([bytes.count])
    for parts in ways(bytes) { precondition(whole == payload(parts), "depends on the split") }
  }

  /// Faults stand inside the text.
  private static func configuration(_ bytes: [UInt8]) {
    let lines = lineCount(bytes)
    do throws(ConfigurationFaults) {
      _ = try ConfigurationReader.read(bytes, file: "fuzz", environment: { $0 == "A" ? "1" : nil })
    } catch {
      precondition(!error.faults.isEmpty, "refused without a reason")
      for fault in error.faults {
        // The end of the text is one line further than its last break.
        precondition((1...lines + 1).contains(fault.line) && fault.column >= 1, "\(fault)")
      }
    }
  }

  /// Lines as YAML 1.1 counts them, which libyaml follows (§4.2, b-char): LF, CR, CR LF, NEL, LS
  /// and PS each end one, in UTF-8 and, behind a byte order mark, UTF-16.
  private static func lineCount(_ bytes: [UInt8]) -> Int {
    let scalars: String.UnicodeScalarView
    switch (bytes.first, bytes.dropFirst().first) {
    case (0xFF, 0xFE), (0xFE, 0xFF):
      let low = bytes[0] == 0xFF ? 0 : 1
      let units = stride(from: 0, to: bytes.count - 1, by: 2).map {
        UInt16(bytes[$0 + low]) | UInt16(bytes[$0 + 1 - low]) << 8
      }
      scalars = String(decoding: units, as: UTF16.self).unicodeScalars
    default: scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    }
    var count = 1
    var last: Unicode.Scalar = "\0"
    for scalar in scalars {
      switch scalar {
      case "\n" where last == "\r": break
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": count += 1
      default: break
      }
      last = scalar
    }
    return count
  }
}
