import HTTPModel

/// What one connection may ask of us. Each default says where it comes from.
package struct SessionLimits: Sendable, Equatable {
  /// A request's head; as for HTTP/1, and announced as `SETTINGS_MAX_HEADER_LIST_SIZE`.
  package var head = HeadLimits()
  package var body = BodyLimits()
  /// Streams at once. Source: HAProxy's, h2o's and nghttpx's default, and Envoy's edge guide: 100.
  package var concurrentStreamsMax: UInt32 = 100
  /// What a stream may have sent that has not left for the other side. Source: RFC 9113 §6.9.2, and
  /// Envoy's edge guide: 64 KiB. No larger: it is held in one block.
  package var streamWindowBytes: Int32 = 65_535
  /// The same of a connection, whose credit returns on receipt. Source: Envoy's edge guide, 1 MiB.
  package var connectionWindowBytes: Int32 = 1024 * 1024
  /// Streams that the peer resets: so many at once, and one more in each interval (CVE-2023-44487).
  /// Source: libnghttp2's own limit, 1,000 and 33 a second.
  package var resets = Allowance.Limit(most: 1000, nanosecondsEach: 30_303_030)
  /// Streams that we had to reset for what the peer sent (CVE-2025-8671): nobody does so in good
  /// faith. Source: SwiftNIO's HTTP/2, 200 in 30 s.
  package var streamErrors = Allowance.Limit(most: 200, nanosecondsEach: 150_000_000)
  /// CONTINUATION frames of one block (CVE-2024-28182). Source: libnghttp2's own limit.
  package var continuationsMax = 8
  /// How many times the head's limit a field block may take once it is unpacked; what is above it ends
  /// the connection, what is above the limit itself only the request. Source: h2 (Rust), which closes at 4 ×.
  package var headerListFactor = 4
  /// SETTINGS and GOAWAY. Source: one at the start is usual; SwiftNIO's 200 in 30 s for what is odd.
  package var settings = Allowance.Limit(most: 200, nanosecondsEach: 150_000_000)
  /// PING, beside one for each DATA frame either way, by which gRPC measures. Source: Envoy's
  /// `max_outbound_control_frames`, 1,000; as many again in 30 s.
  package var pings = Allowance.Limit(most: 1000, nanosecondsEach: 30_000_000)
  /// PRIORITY for each stream that was opened. Source: Envoy's
  /// `max_inbound_priority_frames_per_stream`, 100.
  package var prioritiesPerStream = 100
  /// WINDOW_UPDATE for each DATA frame that we sent. Source: Envoy's
  /// `max_inbound_window_update_frames_per_data_frame_sent`, 10, and the 5 and 2 a stream of its formula.
  package var windowUpdatesPerData = 10
  /// DATA without a byte that ends nothing. Source: Envoy and SwiftNIO allow 1 in a row; proxies of
  /// peers that flush early send a few, so a budget that fills again.
  package var emptyData = Allowance.Limit(most: 100, nanosecondsEach: 300_000_000)
  /// Frames of types that nobody knows, which are to be ignored (RFC 9113 §5.5). Source: as PING.
  package var unknownFrames = Allowance.Limit(most: 1000, nanosecondsEach: 30_000_000)
  /// Frames that wait to be sent. Source: Envoy's `max_outbound_control_frames`, 1,000.
  package var queuedFramesMax = 1000

  package init() {}
}
