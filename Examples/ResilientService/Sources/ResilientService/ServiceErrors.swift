/// The connection broke before the answer; nobody knows whether the service acted.
struct ConnectionLost: Error {}

/// The service refuses for now and says for how long.
struct Busy: Error {
  let retryAfter: Duration
}
