// swift-tools-version: 6.2
import PackageDescription

// Without the trait `Proxy`, which is on by default, nothing but the library is fetched and built.
// From elsewhere: .package(url: "https://…/weir", from: "…", traits: [])
let package = Package(
  name: "resilient-service",
  dependencies: [.package(name: "weir", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "ResilientService",
      dependencies: [.product(name: "Resilience", package: "weir")],
      swiftSettings: [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
      ])
  ]
)
