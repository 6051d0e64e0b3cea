/// A good file, and faults of which each is planted in it by replacing a text with another.
struct PlantedFaults {
  let good: String
  let faults: [(old: String, new: String)]

  static let configuration = PlantedFaults(
    good: """
      workers: 2
      admin: { address: "127.0.0.1:9901" }
      priority_header: x-class
      listeners:
        - name: inbound
          address: 127.0.0.1:${PORT:-80}
          limits: { request_body: off, requests_per_connection: off }
          timeouts: { idle: 75s }
          authorize: { default: deny, rules: [{ action: allow, from: spiffe://td/*, method: [PUT], path: /a }] }
          routes:
            - match: { prefix: /fhir, method: [GET], host: [api.ndp.test], headers: { x-tenant: cairo } }
              upstream: prescriptions
              timeout: off
              rewrite: { prefix: / }
              headers: { request: { set: { x-a: b }, remove: [x-c] } }
              retry: { attempts: 3, on: [reset, 503] }
              rate_limit: { requests: 5, by: source }
              fallback: { respond: {} }
              fault: { reset: { share: 0.5% } }
            - match: { path: /old }
              redirect: { path: /new }
            - match: { path: /fixed }
              respond: { status: 200, body: ok }
            - match: { regex: /x/.* }
              split: [{ upstream: prescriptions, weight: 1 }]
      upstreams:
        prescriptions:
          endpoints: ["127.0.0.1:1", { address: "api.ndp.test:80", weight: 2 }]
          balancing: { policy: least_request, bounded_load: off }
          circuit_breaker: { failure_rate: off, consecutive_failures: 5, window: 10s, failures: { statuses: [429, 500-599] } }
          outlier_detection: { success_rate: off, latency: {} }
          health_check: { path: /health, statuses: [204] }
      trusted_proxies: ["10.0.0.0/8"]
      telemetry: { via: true, access_log: { request_headers: [x-tenant] } }

      """,
    faults: [
      ("workers: 2", "worker: 2"), ("workers: 2", "workers: 65"), ("workers: 2", "workers: two"),
      ("workers: 2", "workers: [2]"), ("127.0.0.1:9901", "nowhere"),
      ("127.0.0.1:9901", "127.0.0.1:65536"), ("127.0.0.1:9901", "127.0.0.256:1"),
      ("127.0.0.1:9901", "127.0.0.1"), ("x-class", "x class"), ("name: inbound", "title: x"),
      ("request_body: off", "request_body: 5"), ("request_body: off", "request_body: 5 KiB"),
      ("per_connection: off", "per_connection: 0"), ("idle: 75s", "idle: 75"),
      ("idle: 75s", "idle: off"),
      ("timeouts: { idle: 75s }", "protocol: tcp"),
      ("timeouts: { idle: 75s }", "upstream: prescriptions"), ("method: [GET]", "method: GET"),
      ("method: [GET]", "method: [get]"), ("method: [GET]", "method: [\"G T\"]"),
      ("[api.ndp.test]", "[\"api.ndp.test:80\"]"), ("[api.ndp.test]", "[api.*.test]"),
      ("prefix: /fhir,", "prefix: /fhir, path: /fhir,"), ("prefix: /fhir,", "prefix: fhir,"),
      ("{ x-tenant: cairo }", "[x-tenant]"), ("{ x-tenant: cairo }", "{ x tenant: cairo }"),
      (
        "        upstream: prescriptions\n",
        "        upstream: prescriptions\n        respond: {}\n"
      ),
      ("rewrite: { prefix: / }", "rewrite: { prefix: x }"),
      ("redirect: { path: /new }", "redirect: { path: new }"),
      ("redirect: { path: /new }", "redirect: { path: /new, status: 305 }"),
      ("redirect: { path: /new }", "redirect: { path: /new }\n        retry: {}"),
      ("respond: { status: 200, body: ok }", "respond: { status: 204, body: ok }"),
      (
        "respond: { status: 200, body: ok }",
        "respond: { body: ok }\n        fallback: { respond: {} }"
      ),
      ("weight: 1 }]", "weight: 1 }]\n        rewrite: { prefix: / }"),
      ("weight: 1 }]", "weight: 0 }]"),
      ("set: { x-a: b }", "set: { connection: close }"), ("set: { x-a: b }", "set: { X a: b }"),
      ("remove: [x-c]", "remove: [Content-Length]"), ("remove: [x-c]", "remove: [\"x c\"]"),
      ("timeout: off", "timeout: never"), ("redirect: { path: /new }", "redirect: {}"),
      ("redirect: { path: /new }", "redirect: { scheme: ftp }"), ("weight: 2", "weight: 0"),
      ("endpoints: [", "endpoints: []\n    x: ["), ("least_request", "fastest"),
      ("least_request", "maglev"), ("bounded_load: off", "bounded_load: 150%"),
      ("bounded_load: off", "hash_on: { source: true }"),
      ("policy: least_request, bounded_load: off", "policy: maglev, hash_on: { source: false }"),
      ("policy: least_request, bounded_load: off", "policy: maglev, hash_on: { header: \"x y\" }"),
      ("10.0.0.0/8", "everyone"), ("10.0.0.0/8", "10.0.0.0/33"), ("via: true", "via: yes"),
      ("via: true", "via: 1"), ("attempts: 3", "attempts: 0"), ("[reset, 503]", "[reset, 600]"),
      ("[reset, 503]", "[restart]"), ("[reset, 503]", "reset"), ("requests: 5", "request: 5"),
      ("rate_limit: {", "rate_limit: [1] #"), ("by: source", "by: user"),
      ("by: source", "by: header"), ("by: source", "header: x-a"),
      ("by: source", "by: header, header: \"x a\""),
      ("{ respond: {} }", "{}"), ("{ respond: {} }", "{ respond: {}, upstream: prescriptions }"),
      ("fault: { reset: { share: 0.5% } }", "fault: {}"),
      ("0.5%", "0.5"), ("0.5%", "0.555%"), ("0.5%", "100.5%"), ("0.5%", "101%"),
      ("failure_rate: off", "failure_rate: none"), ("failure_rate: off", "failure_rate: 0%"),
      ("consecutive_failures: 5", "consecutive_failures: off"),
      ("window: 10s", "window: 10s, window_calls: 50"), ("500-599", "5xx"), ("[429,", "[99,"),
      ("success_rate: off", "success_rate: on"), ("latency: {}", "latency: off"),
      ("path: /health, statuses", "statuses"), ("path: /health", "path: health"),
      ("[x-tenant]", "[x-a, Authorization]"), ("[x-tenant]", "set-cookie"),
      ("[x-tenant]", "[a, b, c, d, e, f, g, h, i]"), ("via: true", "log: { format: xml }"),
      ("latency: {}", "latency: {}, mode: off"), ("by: source", "by: source, mode: disabled"),
      ("default: deny, ", ""), ("default: deny", "default: maybe"),
      ("default: deny", "default: deny, mode: watch"), ("action: allow, ", ""),
      ("action: allow", "action: drop"), ("[PUT]", "[put]"), ("path: /a }", "path: a }"),
      ("path: /a }", "prefix: b }"),
      ("telemetry:", "identity: {}\ntelemetry:"), ("workers: 2", "workers: 2\nsidecar: {}"),
    ])

  static let scenario = PlantedFaults(
    good: """
      name: Two services
      duration: 10s
      clients:
        - { name: app, calls: a, load: [{ at: 0s, rate: 10 }] }
      services:
        a: { replicas: 2, time: { exponential: 5ms }, calls: [b, { service: b, share: 5% }] }
        b: { time: 2ms, errors: 1% }
      faults: [{ kind: slow, service: b, at: 2s, for: 1s, times: 3 }]
      policies:
        routes: [{ upstream: b, retry: { attempts: 2 } }]
        upstreams: { b: { circuit_breaker: { slow_call: 1s } } }

      """,
    faults: [
      ("duration: 10s", "duration: 0"), ("duration: 10s", "length: 10s"),
      ("calls: a,", ""), ("rate: 10 ", "rate: -1 "), ("load: [", "load: []\n    x: ["),
      ("{ exponential: 5ms }", "{ exponential: 5ms, pareto: { minimum: 1ms, p99: 2ms } }"),
      ("{ exponential: 5ms }", "{}"), ("{ exponential: 5ms }", "{ lognormal: { median: 1ms } }"),
      ("{ service: b, share: 5% }", "{ share: 5% }"),
      ("{ service: b, share: 5% }", "{ parallel: [{ share: 5% }] }"),
      ("{ service: b, share: 5% }", "{ service: b, parallel: [b] }"),
      ("errors: 1%", "errors: 1"), ("errors: 1%", "errors: 120%"), ("kind: slow", "kind: meteor"),
      ("times: 3", "times: 1"), ("retry: {", "match: {}, retry: {"),
      ("upstream: b, retry", "retry"), ("attempts: 2", "attempts: 11"),
      ("{ slow_call: 1s }", "{ window: 10s, window_calls: 50 }"),
    ])
}
