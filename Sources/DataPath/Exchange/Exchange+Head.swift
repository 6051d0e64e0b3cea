import HTTP1
import HTTPModel
import Primitives
import Reactor
import Routing
import Telemetry

/// From a request's first byte to its route.
///
/// Above admission because what is asked decides what is needed; below the listener because only a
/// whole head can be judged. Fails as `malformed_request`, `request_head_too_large`,
/// `request_target_too_long`, `request_head_timeout`, `version_unsupported`,
/// `expectation_unsupported`, `connect_denied`, `no_route`, `route_match_limit`,
/// `request_body_too_large`.
extension Exchange {
  func readHead(_ downstream: DownstreamConnection) {
    let input = downstream.input
    while true {
      if !input.isEmpty {
        do throws(HeadFault) {
          if try decoder.decode(input.readable, into: head) { return headDecoded(downstream) }
        } catch {
          shard.add(worker.metrics.request(error))
          return fail(error.requestFailure, error.name)
        }
      }
      guard makeRoom(in: input) else { return fail(.bufferBudgetExceeded) }
      switch downstream.receive(into: input) {
      case .bytes: continue
      case .wouldBlock:
        // Only an edge came, or empty lines (RFC 9112 §2.2): the connection is still idle.
        if decoder.hasBegun(input.readable) { return }
        input.removeAll()
        return withdraw(downstream)
      case .endOfStream, .failed:
        if input.isEmpty { return withdraw(downstream) }
        return fail(.downstreamClosed)
      }
    }
  }

  /// Room behind a head's bytes: a first block, then a larger one. The decoder's limit is reached
  /// before the larger one is full. False: the budget is spent.
  func makeRoom(in input: Buffer) -> Bool {
    if input.writableCount > 0 { return true }
    input.compact()
    if input.writableCount > 0 { return true }
    let bytes = input.hasBlock ? BufferPool.largeBytes : BufferPool.smallBytes
    return input.capacity < bytes && pool.lend(to: input, atLeast: bytes)
  }

  /// The connection ended, or only an edge came, without a byte of a request.
  private func withdraw(_ downstream: DownstreamConnection) {
    reset()
    downstream.exchangeNotBegun()
  }

  private func headDecoded(_ downstream: DownstreamConnection) {
    guard let listener else { return }
    let input = downstream.input
    headPart = .whole
    clocks.requestHeadCame()
    requestBody.begin(head.framing, listener.settings.bodyLimits)
    downstream.requestCount += 1
    keepsDownstreamOpen =
      head.isPersistent
      && downstream.requestCount < listener.settings.requestsPerConnectionMax ?? .max
    requestProgress.begin(
      behind: head.headBytes,
      awaitsContinue: head.expectsContinue && head.hasBody && input.count == head.headBytes)
    judgeFields(downstream)
    identify(input.readable)
    if head.method == .connect { return fail(.connectDenied) }
    if case .length(let length) = head.framing,
      length > listener.settings.requestBodyBytesMax ?? .max
    {
      return fail(.requestBodyTooLarge)
    }
    if let failure = normalizePath(input.slice(head.path)) {
      return fail(failure, replyDetails.detail)
    }
    if MaxForwards.count(head, input.readable) == 0 {
      return reply(downstream) { LocalReply.append(.lastForward(head.method), for: self, to: $0) }
    }
    let verdict = withPath(input, routing: true) { path in
      listener.table.match(head, in: input.readable, path: path)
    }
    switch verdict {
    case .matched(let position): follow(listener.routes[position], listener, downstream)
    case .none: fail(.noRoute)
    case .gaveUp: fail(.routeMatchLimit)
    }
  }

  private func follow(
    _ route: Route, _ listener: ListenerSnapshot, _ downstream: DownstreamConnection
  ) {
    self.route = route
    if let total = route.totalTimeout {
      clocks.end(by: clocks.startedAt.advanced(byNanoseconds: total))
    }
    switch route.action {
    case .forward: admit(to: listener.targets[route.upstreams[0]], downstream)
    case .split(let split):
      let input = downstream.input
      seriesIndex = split.choose(identifiers.requestID.hash(head: input.readable))
      // A login that was begun at one of them goes on there.
      if downstream.hasPrivates, let known = ownShare(route, listener, downstream) {
        seriesIndex = known
      }
      admit(to: listener.targets[route.upstreams[seriesIndex]], downstream)
    case .redirect(let redirect):
      reply(downstream) { LocalReply.append(redirect, for: self, to: $0) }
    case .respond(let response):
      reply(downstream) { LocalReply.append(response, for: self, to: $0) }
    }
  }

  /// Accepts or mints the request's id, and continues or begins its trace.
  func identify(_ bytes: Span<UInt8>) {
    identifiers.trace = TraceFields.read(
      head, bytes, &worker.random, isTraceparent: &identifiers.continuesTraceparent)
    if client.isTrusted, head.present.contains(.xRequestID),
      let received = head.fields.first(where: { $0.id == .xRequestID })?.value,
      !received.isEmpty, Int(received.count) <= RequestID.bytesMax
    {
      identifiers.requestID.accept(received)
    } else {
      identifiers.requestID.mint(&worker.random)
    }
  }

  /// What the path fails as, if it does.
  private func normalizePath(_ path: Span<UInt8>) -> FailureKind? {
    guard head.targetForm != .asterisk, ByteScan.firstUnnormalized(in: path) < path.count else {
      return nil
    }
    guard pool.lend(to: normalizedPath, atLeast: max(path.count, BufferPool.smallBytes)) else {
      return .bufferBudgetExceeded
    }
    let mergesSlashes = listener?.settings.mergesSlashes ?? true
    switch PathNormalization.normalize(path, mergesSlashes: mergesSlashes, into: normalizedPath) {
    case .rewritten: return nil
    case .refused:
      replyDetails.detail = "bad_path"
      return .malformedRequest
    case .unchanged:
      pool.reclaim(from: normalizedPath)
      return nil
    }
  }

  /// Gives `body` the path to forward, or that to route by: "/" where an absolute target has none,
  /// and for the asterisk form, which asks about the server as a whole (RFC 9110 §7.1).
  func withPath<Result>(
    _ input: Buffer, routing: Bool = false, _ body: (Span<UInt8>) -> Result
  ) -> Result {
    let normalized = normalizedPath
    if normalized.hasBlock { return body(normalized.readable) }
    if !head.path.isEmpty, !routing || head.targetForm != .asterisk {
      return body(input.slice(head.path))
    }
    let implied = routing || head.targetForm != .asterisk ? Self.rootPath : Self.asterisk
    return body(implied.span)
  }
}
