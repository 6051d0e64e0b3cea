import HTTP1
import HTTPModel
import Primitives
import ProxyConfiguration

/// What is fuzzed, each with what must hold for any bytes; a trap is a finding, so is a verdict
/// that depends on how the bytes were split.
package enum FuzzTarget: String, CaseIterable, Sendable {
  case request, response, chunked, configuration

  package func run(_ bytes: [UInt8]) {
    switch self {
    case .request: Self.request(bytes)
    case .response: Self.response(bytes)
    case .chunked: Self.chunked(bytes)
    case .configuration: Self.configuration(bytes)
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

  private static func request(_ bytes: [UInt8]) {
    func judge(_ parts: [Int]) -> Verdict {
      var decoder = RequestDecoder(limits: HeadLimits())
      let head = RequestHead()
      do throws(HeadFault) {
        for end in parts where try decoder.decode(bytes.span.extracting(0..<end), into: head) {
          return .accepted(bytes: head.headBytes, framing: head.framing)
        }
      } catch {
        return .refused(error)
      }
      return .unfinished
    }
    agree(judge([bytes.count]), judge([split(bytes), bytes.count]))
  }

  private static func response(_ bytes: [UInt8]) {
    func judge(_ parts: [Int]) -> Verdict {
      var decoder = ResponseDecoder(limits: HeadLimits())
      let head = ResponseHead()
      do throws(HeadFault) {
        for end in parts
        where try decoder.decode(bytes.span.extracting(0..<end), answering: .get, into: head) {
          return .accepted(bytes: head.headBytes, framing: head.framing)
        }
      } catch {
        return .refused(error)
      }
      return .unfinished
    }
    agree(judge([bytes.count]), judge([split(bytes), bytes.count]))
  }

  private static func agree(_ whole: Verdict, _ parts: Verdict) {
    precondition(whole == parts, "\(whole) at once, \(parts) in parts")
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
    precondition(whole == payload([split(bytes), bytes.count]), "depends on the split")
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
