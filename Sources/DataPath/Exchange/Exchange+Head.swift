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
/// `request_body_too_large`, and of `Exchange+Authorization` `authorization_denied`.
extension Exchange {
  func readRequestHead(_ downstream: DownstreamStream) {
    switch downstream.readHead() {
    case .whole: judgeRequest(downstream)
    case .incomplete: return
    // The connection ended, or only an edge came, without a byte of a request.
    case .nothing: downstream.withdraw()
    case .failed(let failure, let detail): fail(failure, detail)
    }
  }

  /// The head is there: what may be asked at all, of whom, and by which route.
  private func judgeRequest(_ downstream: DownstreamStream) {
    guard let listener else { return }
    let head = downstream.head
    let block = downstream.headBlock
    clocks.requestHeadCame()
    requestProgress.begin(awaitsContinue: downstream.awaitsContinue)
    judgeFields(downstream)
    identify(downstream)
    recognizeGRPC(downstream)
    if head.method == .connect { return fail(.connectDenied) }
    if case .known(let length) = head.length,
      length > listener.settings.requestBodyBytesMax ?? .max
    {
      return fail(.requestBodyTooLarge)
    }
    if let failure = normalizePath(head, block.slice(head.path)) {
      return fail(failure, replyDetails.detail)
    }
    if let policy = listener.settings.authorization,
      !isAuthorized(by: policy, listener, downstream)
    {
      return
    }
    if MaxForwards.count(head, block.readable) == 0 {
      return reply(downstream, .response(.lastForward(head.method)))
    }
    let verdict = withPath(head, block, routing: true) { path in
      listener.table.match(head, in: block.readable, path: path)
    }
    switch verdict {
    case .matched(let position): follow(listener.routes[position], listener, downstream)
    case .none: fail(.noRoute)
    case .gaveUp: fail(.routeMatchLimit)
    }
  }

  private func follow(
    _ route: Route, _ listener: ListenerSnapshot, _ downstream: DownstreamStream
  ) {
    self.route = route
    if let policy = route.authorization, !isAuthorized(by: policy, listener, downstream) { return }
    if let total = route.totalTimeout {
      clocks.end(by: clocks.startedAt.advanced(byNanoseconds: total))
    }
    switch route.action {
    case .forward: admit(to: listener.targets[route.upstreams[0]], downstream)
    case .split(let split):
      let block = downstream.headBlock
      seriesIndex = split.choose(identifiers.requestID.hash(head: block.readable))
      // A login that was begun at one of them goes on there.
      let client = downstream.connection
      if client.hasPrivates, let known = ownShare(route, listener, client) {
        seriesIndex = known
      }
      admit(to: listener.targets[route.upstreams[seriesIndex]], downstream)
    case .redirect(let redirect):
      reply(downstream, .redirect(redirect))
    case .respond(let response):
      reply(downstream, .response(response))
    }
  }

  /// Accepts or mints the request's id, and continues or begins its trace.
  func identify(_ downstream: DownstreamStream) {
    let head = downstream.head
    let block = downstream.headBlock
    let bytes = block.readable
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
  private func normalizePath(_ head: RequestHead, _ path: Span<UInt8>) -> FailureKind? {
    guard head.targetForm != .asterisk, ByteScan.firstUnnormalized(in: path) < path.count else {
      return nil
    }
    guard worker.pool.lend(to: normalizedPath, atLeast: max(path.count, BufferPool.smallBytes))
    else {
      return .bufferBudgetExceeded
    }
    let mergesSlashes = listener?.settings.mergesSlashes ?? true
    switch PathNormalization.normalize(path, mergesSlashes: mergesSlashes, into: normalizedPath) {
    case .rewritten: return nil
    case .refused:
      replyDetails.explain("bad_path")
      return .malformedRequest
    case .unchanged:
      worker.pool.reclaim(from: normalizedPath)
      return nil
    }
  }

  /// Gives `body` the path to forward, or that to route by: "/" where an absolute target has none,
  /// and for the asterisk form, which asks about the server as a whole (RFC 9110 §7.1).
  func withPath<Result>(
    _ head: RequestHead, _ input: Buffer, routing: Bool = false, _ body: (Span<UInt8>) -> Result
  ) -> Result {
    let normalized = normalizedPath
    if normalized.hasBlock { return body(normalized.readable) }
    if !head.path.isEmpty, !routing || head.targetForm != .asterisk {
      return body(input.slice(head.path))
    }
    let implied = routing || head.targetForm != .asterisk ? Self.rootPath : Self.asterisk
    return body(implied.span)
  }

  /// Keeps what is known of a head that was refused or did not end in time, and gives the request an
  /// id and a trace as any other: it goes into the answer, the log and `/explain`, so that whoever
  /// sent it can be told what became of it.
  func salvageHead(_ downstream: DownstreamStream) {
    downstream.salvageHead()
    if downstream.headPart != .nothing { judgeFields(downstream) }
    identify(downstream)
  }
}
