// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The fuzz targets need libFuzzer in every module: scripts/fuzz sets this, and builds into a folder of its own.
let isFuzzing = Context.environment["MEMORYCTL_FUZZ"] != nil

/// Settings of every target: warnings are errors, imports are internal unless they say otherwise.
let common: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// Settings of tests, which reach through every layer.
let testSettings: [SwiftSetting] = [.treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny")]

/// Settings of every target outside the rooms where unsafe pointers may live.
let safe = common + [.strictMemorySafety()]

func library(_ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = safe) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: testSettings)
}

/// What reads foreign bytes, all of which the fuzz targets look into.
let fuzzed: [Target.Dependency] = [
  "ArchiveStore", "AWS", "S3Client", "KMSClient", "Signing", "RowCodec", "CanonicalJSON", "AuditCore",
  "Zstandard", "HTTPTransport", "Postgres", "XML", "Cryptography", "Bytes", "TestCore",
]

/// The fuzz targets with libFuzzer's entry, or with the test that replays what they found.
let fuzzTarget: Target =
  isFuzzing
  ? .executableTarget(
    name: "fuzz", dependencies: fuzzed, path: "Fuzz/Sources", exclude: ["Tests"], swiftSettings: testSettings)
  : .testTarget(
    name: "FuzzTests", dependencies: fuzzed, path: "Fuzz/Sources", exclude: ["Entry"], swiftSettings: testSettings)

let package = Package(
  name: "memoryctl",
  products: [.executable(name: "memoryctl", targets: ["memoryctl"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),

    // SHA-256 of two messages at once, which needs instructions that Swift has no words for.
    .target(name: "CSHA256", cSettings: [.unsafeFlags(["-O2"])]),

    // Rooms with unsafe pointers: the C wrappers, threads, byte buffers, the canonicaliser.
    library("Bytes", [], common),
    library("Pipeline", [], common),
    library("Files", ["Bytes"], common),
    library("Cryptography", ["CCrypto", "CSHA256", "Bytes"], common),
    library("Postgres", ["CPostgres", "Bytes"], common),
    library("Zstandard", ["CZstd", "Bytes"], common),
    library("HTTPTransport", ["CCurl", "Bytes"], common),
    library("XML", ["CExpat"], common),
    library("CanonicalJSON", ["Bytes"], common),

    library("AuditCore", ["Cryptography", "Bytes", "CanonicalJSON"]),
    library("HTMLPage", ["AuditCore", "Cryptography"]),
    library("RowCodec", ["AuditCore", "CanonicalJSON", "Bytes"], common),
    library("AWS", ["HTTPTransport", "AuditCore", "XML", "Files", "Pipeline", "Cryptography", "Bytes"]),
    library("S3Client", ["AWS", "HTTPTransport", "XML", "AuditCore", "Cryptography", "Bytes"]),
    library("KMSClient", ["AWS", "AuditCore", "Cryptography"]),
    library("Signing", ["KMSClient", "AWS", "HTTPTransport", "Pipeline", "AuditCore", "Cryptography", "Bytes"]),
    library(
      "ArchiveStore", ["Files", "AuditCore", "Zstandard", "S3Client", "Signing", "Cryptography", "Bytes", "Pipeline"]),
    library("ArchivePages", ["HTMLPage", "ArchiveStore", "AuditCore", "Signing", "Cryptography"]),
    library(
      "ChainReader",
      [
        "Files", "ArchiveStore", "AuditCore", "Signing", "Postgres", "Pipeline", "Cryptography", "Bytes",
        "CanonicalJSON",
        "RowCodec",
      ]),
    library(
      "Archiver",
      [
        "Files", "RowCodec", "ChainReader", "ArchiveStore", "Postgres", "Pipeline", "AuditCore", "Signing",
        "Cryptography",
        "Bytes",
      ]),
    library(
      "DrillRunner",
      [
        "Files", "RowCodec", "ChainReader", "ArchiveStore", "Postgres", "Pipeline", "AuditCore", "Signing",
        "Cryptography",
        "Bytes",
      ]),
    library(
      "Compliance",
      [
        "HTMLPage", "DrillRunner", "ChainReader", "ArchiveStore", "RowCodec", "Signing", "Pipeline", "Files",
        "AuditCore", "Cryptography", "Bytes",
      ]),
    library("ChainWriter", ["AuditCore", "RowCodec", "CanonicalJSON", "Signing", "Postgres", "Cryptography", "Bytes"]),
    library(
      "Server",
      [
        "ArchivePages", "HTMLPage", "Signing", "ArchiveStore", "AuditCore", "Cryptography",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "Metrics", package: "swift-metrics"), .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .executableTarget(
      name: "memoryctl",
      dependencies: [
        "ArchivePages", "HTMLPage", "Compliance", "Server", "HTTPTransport", "AWS", "S3Client", "ChainWriter",
        "Archiver", "DrillRunner", "ChainReader", "ArchiveStore", "Signing", "Postgres", "RowCodec", "Pipeline",
        "Files", "AuditCore",
        "CanonicalJSON", "Cryptography", "Bytes",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"), .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
      ],
      swiftSettings: safe),

    .executableTarget(
      name: "canonical-bench", dependencies: ["CanonicalJSON", "Cryptography", "Bytes"],
      path: "Benchmarks/CanonicalBench", swiftSettings: common),
    .executableTarget(
      name: "upload-bench",
      dependencies: ["AWS", "S3Client", "ArchiveStore", "Files", "Pipeline", "AuditCore", "Cryptography"],
      path: "Benchmarks/UploadBench", swiftSettings: common),

    // Kills a program at one of its effects, by ptrace(2), which Swift has no words for.
    .executableTarget(
      name: "crash-tracer", path: "Tests/CrashTracer", cSettings: [.treatAllWarnings(as: .error)]),
    .target(
      name: "TestSupport",
      dependencies: [
        "ArchiveStore", "S3Client", "AWS", "AuditCore", "XML", "Pipeline", "HTTPTransport", "Postgres", "Cryptography",
        "Signing", "Bytes",
      ],
      path: "Tests/TestSupport",
      swiftSettings: common),
    .target(
      name: "PageSupport",
      dependencies: [
        "TestSupport", "ArchivePages", "HTMLPage", "ArchiveStore", "AuditCore", "Signing", "Cryptography",
      ],
      path: "Tests/PageSupport", swiftSettings: common),
    .target(
      name: "Forgeries",
      dependencies: [
        "TestCore", "ArchiveStore", "AuditCore", "Bytes", "Cryptography", "DrillRunner", "Files", "Signing",
        "Zstandard",
      ],
      path: "Tests/Forgeries", swiftSettings: testSettings),
    .executableTarget(
      name: "forgeries", dependencies: ["Forgeries", "ArchiveStore", "AuditCore"], path: "Tests/ForgeryCampaign",
      swiftSettings: testSettings),
    tests("ForgeryTests", ["Forgeries", "ArchiveStore", "AuditCore"]),
    // Flows of control that switch where the simulated world says: makecontext(3) has no words in Swift.
    .target(name: "CFibers", path: "Tests/CFibers"),
    .target(
      name: "SimulatedWorld",
      dependencies: [
        "CFibers", "TestCore",
        "DrillRunner", "Archiver", "ChainReader", "ArchiveStore", "AuditCore", "Signing", "Postgres", "RowCodec",
        "Pipeline", "Files", "Zstandard", "Cryptography", "Bytes",
      ],
      path: "Tests/SimulatedWorld", swiftSettings: testSettings),
    .executableTarget(
      name: "world", dependencies: ["SimulatedWorld"], path: "Tests/World", swiftSettings: testSettings),
    tests(
      "SimulatedWorldTests",
      [
        "SimulatedWorld", "TestCore", "Archiver", "ChainReader", "ArchiveStore", "AuditCore", "Postgres", "RowCodec",
        "Cryptography",
      ]),
    fuzzTarget,
    // What tests, campaigns and fuzz targets share that needs no server.
    .target(name: "TestCore", dependencies: ["ArchiveStore", "Bytes"], path: "Tests/TestCore", swiftSettings: common),
    tests("PipelineTests", ["Pipeline"]),
    tests("CryptographyTests", ["Cryptography", "Bytes"]),
    tests("PostgresTests", ["Postgres", "Bytes"]),
    tests("HTTPTransportTests", ["HTTPTransport", "Pipeline", "Cryptography", "Bytes"]),
    tests("ZstandardTests", ["Zstandard", "Bytes"]),
    tests("XMLTests", ["XML"]),
    .testTarget(
      name: "HTMLPageTests", dependencies: ["HTMLPage", "AuditCore", "Cryptography"], swiftSettings: testSettings),
    tests(
      "ComplianceTests",
      [
        "PageSupport", "Compliance", "ArchiveStore", "S3Client", "Signing", "AuditCore", "Files", "Cryptography",
        "Bytes",
      ]),
    tests(
      "ArchivePagesTests",
      ["PageSupport", "ArchivePages", "HTMLPage", "ArchiveStore", "AuditCore", "Signing", "Cryptography"]),
    tests("AuditCoreTests", ["TestCore", "AuditCore", "CanonicalJSON", "Cryptography", "Bytes"]),
    tests("AWSTests", ["AWS", "Signing", "HTTPTransport", "AuditCore", "XML", "Files", "Pipeline", "Cryptography"]),
    tests("S3ClientTests", ["S3Client", "AWS", "HTTPTransport", "AuditCore", "Pipeline", "Cryptography", "Bytes"]),
    tests("KMSClientTests", ["KMSClient", "AWS", "HTTPTransport", "AuditCore", "Pipeline", "Cryptography"]),
    tests("SigningTests", ["Signing", "KMSClient", "AWS", "HTTPTransport", "AuditCore", "Pipeline", "Cryptography"]),
    tests(
      "ArchiveStoreTests",
      [
        "TestCore", "PageSupport", "S3Client", "Files", "ArchiveStore", "AuditCore", "Zstandard", "Signing",
        "Cryptography",
        "Bytes", "Pipeline",
      ]),
    tests(
      "ArchiverTests",
      [
        "DrillRunner", "RowCodec", "Bytes", "CanonicalJSON", "Archiver", "ChainReader", "ArchiveStore", "AuditCore",
        "Signing", "Postgres", "Cryptography",
      ]),
    tests(
      "DrillRunnerTests",
      ["DrillRunner", "Archiver", "ChainReader", "ArchiveStore", "AuditCore", "Signing", "Postgres"]),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "Server", "ArchiveStore", "PageSupport", "Signing", "AuditCore",
        .product(name: "CoreMetrics", package: "swift-metrics"),
      ],
      swiftSettings: testSettings),
    tests("DeploymentTests", ["AuditCore", .product(name: "Yams", package: "Yams")]),
    tests(
      "CommandLineTests",
      [
        "memoryctl", "crash-tracer", "HTTPTransport", "S3Client", "ArchiveStore", "AuditCore", "Cryptography",
        "Signing",
        "Postgres",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

if isFuzzing {
  // The packages are for the program and its server alone: none is fetched or read.
  package.dependencies = []
  package.products = []
  package.targets.removeAll { $0.type == .test || ["memoryctl", "Server"].contains($0.name) }
}
