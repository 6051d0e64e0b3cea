import Logging
import ProxyConfiguration

/// A line of Weir's own log: time, level and message first, then what belongs to it by name.
enum LogLine {
  /// `time`: RFC 3339.
  static func text(
    _ format: Configuration.LogFormat, _ time: String, _ level: Logger.Level, _ message: String,
    _ metadata: Logger.Metadata
  ) -> String {
    let fields =
      [("time", time), ("level", level.rawValue), ("msg", message)]
      + metadata.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    switch format {
    case .logfmt: return fields.map { "\($0.0)=\(quoted($0.1))" }.joined(separator: " ")
    case .json: return JSONValue.object(fields.map { ($0.0, .text($0.1)) }).text
    }
  }

  /// As logfmt's readers want it: in quotes where it is empty or holds a blank, a quote, `=` or what is
  /// not printable.
  private static func quoted(_ value: String) -> String {
    let isPlain = value.unicodeScalars.allSatisfy {
      $0.value > 0x20 && $0.value != 0x7F && $0 != "\"" && $0 != "=" && $0 != "\\"
    }
    return isPlain && !value.isEmpty ? value : JSONValue.text(value).text
  }
}
