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
/// `expectation_unsupported`, `connect_denied`, `no_route`, `request_body_too_large`.
extension Exchange {
  func readHead() {
    guard let downstream else { return }
    while true {
      if let input = downstream.input, !input.isEmpty {
        do throws(HeadFault) {
          if try decoder.decode(input.readable, into: &head) { return headDecoded() }
        } catch {
          worker.shard.add(worker.metrics.request(error))
          return fail(error.requestFailure, error.name)
        }
      }
      guard makeRoom(downstream) else { return fail(.bufferBudgetExceeded) }
      guard let input = downstream.input else { return }
      switch downstream.receive(into: input) {
      case .bytes: continue
      case .wouldBlock: return
      case .endOfStream, .failed:
        if input.isEmpty { return withdraw() }
        return fail(.downstreamClosed)
      }
    }
  }

  /// Room behind the head's bytes: a first buffer, then a larger one. The decoder's limit is
  /// reached before the larger one is full.
  private func makeRoom(_ downstream: DownstreamConnection) -> Bool {
    guard let input = downstream.input else {
      downstream.input = worker.pool.take()
      return downstream.input != nil
    }
    if input.writableCount > 0 { return true }
    input.compact()
    if input.writableCount > 0 { return true }
    guard input.capacity < BufferPool.largeBytes,
      let larger = worker.pool.take(atLeast: BufferPool.largeBytes)
    else { return false }
    larger.append(input.readable)
    downstream.giveInput(to: worker.pool)
    downstream.input = larger
    return true
  }

  /// The connection ended, or only an edge came, without a byte of a request.
  private func withdraw() {
    let downstream = self.downstream
    reset()
    downstream?.exchangeNotBegun()
  }

  private func headDecoded() {
    guard let downstream, let listener, let input = downstream.input else { return }
    hasHead = true
    headDeadline = .distantFuture
    bodyOffset = head.headBytes
    requestBody = BodyDecoder(framing: head.framing, limits: listener.settings.bodyLimits)
    downstream.requestCount += 1
    keepsDownstreamOpen =
      head.isPersistent
      && downstream.requestCount < listener.settings.requestsPerConnectionMax ?? .max
    identify(input.readable, isTrusted: downstream.isTrusted)
    if head.method == .connect { return fail(.connectDenied) }
    if case .length(let length) = head.framing,
      length > listener.settings.requestBodyBytesMax ?? .max
    {
      return fail(.requestBodyTooLarge)
    }
    if let failure = normalizePath(input.slice(head.path)) { return fail(failure, failureDetail) }
    // `*` asks the server as a whole (RFC 9110 §9.3.7): what takes everything takes it.
    let isServer = head.targetForm == .asterisk
    let root = Self.rootPath
    let position = withPath(input) { path in
      isServer
        ? listener.table.match(head, in: input.readable, path: root.span)
        : listener.table.match(head, in: input.readable, path: path)
    }
    guard let position else { return fail(.noRoute) }
    follow(listener.routes[position], input)
  }

  private func follow(_ route: Route, _ input: Buffer) {
    guard let snapshot else { return }
    self.route = route
    series = route.series[0]
    if let total = route.totalTimeout { totalDeadline = startedAt.advanced(byNanoseconds: total) }
    switch route.action {
    case .forward(let index): admit(to: snapshot.upstreams[index])
    case .split(let split, let indices):
      let choice = split.choose(requestID.hash(head: input.readable))
      series = route.series[choice]
      admit(to: snapshot.upstreams[indices[choice]])
    case .redirect(let redirect): reply { LocalReply.append(redirect, for: self, to: $0) }
    case .respond(let response): reply { LocalReply.append(response, for: self, to: $0) }
    }
  }

  /// Accepts or mints the request's id, and continues or begins its trace.
  private func identify(_ bytes: Span<UInt8>, isTrusted: Bool) {
    trace = TraceFields.read(head, bytes)
    let received = isTrusted ? head.fields.first { $0.id == .xRequestID }?.value : nil
    if let received, !received.isEmpty, Int(received.count) <= RequestID.bytesMax {
      requestID.accept(received)
    } else {
      requestID.mint(&worker.random)
    }
    if trace == nil { trace = .begun(&worker.random) }
  }

  /// What the path fails as, if it does.
  private func normalizePath(_ path: Span<UInt8>) -> FailureKind? {
    guard head.targetForm != .asterisk, ByteScan.firstUnnormalized(in: path) < path.count else {
      return nil
    }
    guard let buffer = worker.pool.take() else { return .bufferBudgetExceeded }
    normalizedPath = buffer
    switch PathNormalization.normalize(path, into: buffer) {
    case .rewritten: return nil
    case .refused:
      failureDetail = "bad_path"
      return .malformedRequest
    case .unchanged:
      worker.pool.give(buffer)
      normalizedPath = nil
      return nil
    }
  }

  /// Gives `body` the path to route by and to forward; "/" where an absolute target has none.
  func withPath<Result>(_ input: Buffer, _ body: (Span<UInt8>) -> Result) -> Result {
    if let normalizedPath { return body(normalizedPath.readable) }
    let root = Self.rootPath
    if head.path.isEmpty { return body(root.span) }
    return body(input.slice(head.path))
  }
}
