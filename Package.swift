// swift-tools-version: 6.2
import PackageDescription

// Who may import whom is the table in ARCHITECTURE.md; Tests/TidyTests holds this file and the
// sources against it. `Lifetimes` lets Primitives return spans from its buffers.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

// docs/decisions/0001-exclusivity.md: 37 % of the instructions of a proxied request. Targets that no
// request goes through keep the check; so do debug, test, fuzz and sanitizer builds, and services that
// use the library.
let unchecked: [SwiftSetting] = [
  .unsafeFlags(
    ["-enforce-exclusivity=unchecked"], .when(configuration: .release, traits: ["Proxy"]))
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A target that requests go through.
func hotPath(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings + unchecked)
}

/// Only with the trait, so that who takes the library without it need not fetch other packages:
/// docs/decisions/0008-library-product.md.
func proxyOnly(_ name: String, _ package: String) -> Target.Dependency {
  .product(name: name, package: package, condition: .when(traits: ["Proxy"]))
}

/// The library's own traits, for who has these packages anyway.
func metricsOnly(_ name: String, _ package: String) -> Target.Dependency {
  .product(name: name, package: package, condition: .when(traits: ["Metrics"]))
}

func tracingOnly(_ name: String, _ package: String) -> Target.Dependency {
  .product(name: name, package: package, condition: .when(traits: ["Tracing"]))
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "weir",
  products: [
    .executable(name: "weir", targets: ["weir"]),
    .library(name: "Resilience", targets: ["Resilience"]),
  ],
  traits: [
    .trait(name: "Proxy", description: "The proxy and what it needs; without it, the library."),
    .trait(name: "Metrics", description: "The library's figures in swift-metrics."),
    .trait(name: "Tracing", description: "The library's calls in swift-distributed-tracing."),
    .default(enabledTraits: ["Proxy"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    .target(name: "CLinux"),
    .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(
      name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),

    hotPath("Primitives"),
    hotPath("Reactor", ["Primitives", "CLinux"]),
    hotPath("TLS", ["Primitives", "COpenSSL"]),
    hotPath("Transport", ["Primitives", "Reactor", "TLS"]),
    hotPath("HTTPModel", ["Primitives"]),
    hotPath("HTTP1", ["Primitives", "HTTPModel"]),
    hotPath("HTTP2", ["Primitives", "HTTPModel", "CNghttp2"]),
    hotPath(
      "Resilience",
      [
        "Primitives", metricsOnly("CoreMetrics", "swift-metrics"),
        tracingOnly("Tracing", "swift-distributed-tracing"),
      ]),
    hotPath("Routing", ["Primitives", "HTTPModel", "CPCRE2"]),
    hotPath("Upstreams", ["Primitives", "Resilience"]),
    library("ProxyConfiguration", ["Primitives", "CYaml", "Resilience", "Upstreams"]),
    hotPath("Telemetry", ["Primitives", "CZlib"]),
    hotPath(
      "HTTPClient", ["Primitives", "Reactor", "TLS", "Transport", "HTTPModel", "HTTP1"]),
    library("HTTPServer", ["Primitives", "Reactor", "Transport", "HTTPModel", "HTTP1"]),
    hotPath(
      "DataPath",
      [
        "Primitives", "Reactor", "TLS", "Transport", "HTTPModel", "HTTP1", "HTTP2", "Resilience",
        "Routing", "Upstreams", "Telemetry", "HTTPClient",
      ]),
    library("Discovery", ["Primitives"]),
    library(
      "ControlPlane",
      [
        "Primitives", "Reactor", "TLS", "HTTPModel", "HTTP1", "Resilience", "Routing",
        "Upstreams", "ProxyConfiguration", "Telemetry", "HTTPClient", "HTTPServer", "DataPath",
        "Discovery",
        proxyOnly("Logging", "swift-log"),
      ]),
    library("Simulation", ["Primitives", "Resilience", "Upstreams", "ProxyConfiguration"]),
    library("Screens", ["Primitives", "Reactor", "ProxyConfiguration", "ControlPlane"]),
    library(
      "Demo",
      [
        "Screens",
        "Primitives", "Reactor", "HTTPModel", "HTTP1", "Resilience", "ProxyConfiguration",
        "Telemetry", "HTTPClient", "HTTPServer", "DataPath", "ControlPlane",
        proxyOnly("Logging", "swift-log"),
        proxyOnly("Histogram", "hdrhistogram-swift"),
      ]),
    .executableTarget(
      name: "weir",
      dependencies: [
        "Primitives", "Reactor", "ProxyConfiguration", "Simulation", "ControlPlane", "Screens",
        "Demo",
        proxyOnly("ArgumentParser", "swift-argument-parser"),
        proxyOnly("Logging", "swift-log"),
      ],
      swiftSettings: settings),
    library(
      "WeirTesting",
      [
        "Primitives", "Reactor", "HTTPModel", "HTTP1", "HTTP2", "Resilience", "Routing",
        "Upstreams",
        "Telemetry", "DataPath", "ProxyConfiguration",
      ]),

    tests("PrimitivesTests", ["Primitives"]),
    tests("ReactorTests", ["Primitives", "Reactor", "Transport", "WeirTesting"]),
    tests("HTTP1Tests", ["Primitives", "HTTPModel", "HTTP1", "WeirTesting"]),
    tests("HTTP2Tests", ["Primitives", "HTTPModel", "HTTP2", "WeirTesting"]),
    tests("RoutingTests", ["Primitives", "HTTPModel", "HTTP1", "Routing", "WeirTesting"]),
    tests("ResilienceTests", ["Primitives", "Resilience", "Simulation", "WeirTesting"]),
    tests("UpstreamsTests", ["Primitives", "Resilience", "Upstreams", "WeirTesting"]),
    tests(
      "ProxyConfigurationTests",
      ["Primitives", "Resilience", "Upstreams", "ProxyConfiguration"]),
    tests("TelemetryTests", ["Primitives", "Telemetry"]),
    tests(
      "SimulationTests",
      [
        "Primitives", "Reactor", "HTTPModel", "HTTP1", "Resilience", "Routing", "Upstreams",
        "Telemetry", "HTTPClient", "HTTPServer", "DataPath", "ProxyConfiguration", "Discovery",
        "ControlPlane", "WeirTesting",
        proxyOnly("Logging", "swift-log"),
      ]
    ),
    tests(
      "LoopbackTests",
      [
        "Primitives", "Reactor", "TLS", "Resilience", "Routing", "Upstreams", "Telemetry",
        "DataPath", "ControlPlane", "Discovery", "ProxyConfiguration", "Screens", "WeirTesting",
        proxyOnly("Logging", "swift-log"),
      ]),
    tests("SimulateTests", ["Primitives", "Reactor", "ProxyConfiguration", "Simulation"]),
    tests("FuzzTests", ["WeirTesting"]),
    tests("TidyTests", []),
  ]
)

// `make fuzz`: built with -sanitize=fuzzer, which brings its own main.
if Context.environment["WEIR_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "weir-fuzz", dependencies: ["WeirTesting"], path: "Fuzzing", exclude: ["corpus"],
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}

// `make bench-micro`: the targets share what is `package`, so the benchmarks are one of them. Traits
// off: their interposers are not needed.
if Context.environment["WEIR_BENCH"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []))
  package.targets.append(
    .executableTarget(
      name: "weir-micro",
      dependencies: [
        "Primitives", "HTTPModel", "HTTP1", "Routing", "Resilience", "Upstreams", "Telemetry",
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Micro", swiftSettings: settings + unchecked,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
}

// `make bench`, part churn: the same.
if Context.environment["WEIR_CHURN"] != nil {
  package.targets.append(
    .executableTarget(
      name: "weir-churn",
      dependencies: [
        "Primitives", "Reactor", "Telemetry", "Upstreams", "Discovery", "ProxyConfiguration",
        "DataPath", "ControlPlane", proxyOnly("Logging", "swift-log"),
      ],
      path: "Benchmarks/Churn", swiftSettings: settings))
}
