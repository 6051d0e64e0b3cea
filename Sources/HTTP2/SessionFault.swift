/// Why a whole connection is ended, by us: each is a flood, or a session that cannot go on.
///
/// The name is the label of a counter, the text goes into GOAWAY, so that whoever runs the peer reads
/// there what was wrong.
package enum SessionFault: UInt8, CaseIterable, Error, Sendable {
  case badPreface
  case rapidReset
  case streamErrors
  case continuationFlood
  case headerListTooLarge
  case settingsFlood
  case pingFlood
  case priorityFlood
  case windowUpdateFlood
  case emptyDataFlood
  case unknownFrameFlood
  case outputQueueFull
  case slowHead
  case outOfMemory

  package var name: StaticString {
    switch self {
    case .badPreface: "bad_preface"
    case .rapidReset: "rapid_reset"
    case .streamErrors: "stream_errors"
    case .continuationFlood: "continuation_flood"
    case .headerListTooLarge: "header_list_too_large"
    case .settingsFlood: "settings_flood"
    case .pingFlood: "ping_flood"
    case .priorityFlood: "priority_flood"
    case .windowUpdateFlood: "window_update_flood"
    case .emptyDataFlood: "empty_data_flood"
    case .unknownFrameFlood: "unknown_frame_flood"
    case .outputQueueFull: "output_queue_full"
    case .slowHead: "slow_head"
    case .outOfMemory: "out_of_memory"
    }
  }

  /// GOAWAY's debug data.
  package var debugText: StaticString {
    switch self {
    case .badPreface: "the connection preface is not that of HTTP/2"
    case .rapidReset: "too many streams were reset"
    case .streamErrors: "too many streams were in error"
    case .continuationFlood: "a header block has too many CONTINUATION frames"
    case .headerListTooLarge: "a header list is far above the limit"
    case .settingsFlood: "too many SETTINGS frames"
    case .pingFlood: "too many PING frames"
    case .priorityFlood: "too many PRIORITY frames"
    case .windowUpdateFlood: "too many WINDOW_UPDATE frames"
    case .emptyDataFlood: "too many empty DATA frames"
    case .unknownFrameFlood: "too many frames of unknown types"
    case .outputQueueFull: "too many answers wait for a peer that does not read"
    case .slowHead: "a header block did not end in time"
    case .outOfMemory: "no memory is left for this connection"
    }
  }

  package var code: ErrorCode {
    switch self {
    case .badPreface: .protocolError
    case .outOfMemory: .internalError
    default: .enhanceYourCalm
    }
  }
}
