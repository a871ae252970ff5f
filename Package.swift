// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

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

let package = Package(
  name: "memoryctl",
  products: [.executable(name: "memoryctl", targets: ["memoryctl"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
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
    library("Crypto", ["CCrypto", "CSHA256", "Bytes"], common),
    library("Postgres", ["CPostgres", "Bytes"], common),
    library("Zstandard", ["CZstd", "Bytes"], common),
    library("HTTPTransport", ["CCurl", "Bytes"], common),
    library("XML", ["CExpat"], common),
    library("CanonicalJSON", ["Bytes"], common),

    library("AuditCore", ["Crypto", "Bytes", "CanonicalJSON"]),
    library("RowCodec", ["AuditCore", "CanonicalJSON", "Bytes"], common),
    library("AWS", ["HTTPTransport", "AuditCore", "XML", "Files", "Pipeline", "Crypto", "Bytes"]),
    library("S3Client", ["AWS", "HTTPTransport", "XML", "AuditCore", "Crypto", "Bytes"]),
    library("KMSClient", ["AWS", "AuditCore", "Crypto"]),
    library("Signing", ["KMSClient", "AWS", "HTTPTransport", "Pipeline", "AuditCore", "Crypto", "Bytes"]),
    library(
      "ArchiveStore", ["Files", "AuditCore", "Zstandard", "S3Client", "Signing", "Crypto", "Bytes", "Pipeline"]),
    library(
      "ChainReader",
      [
        "Files", "ArchiveStore", "AuditCore", "Signing", "Postgres", "Pipeline", "Crypto", "Bytes", "CanonicalJSON",
        "RowCodec",
      ]),
    library(
      "Archiver",
      [
        "Files", "RowCodec", "ChainReader", "ArchiveStore", "Postgres", "Pipeline", "AuditCore", "Signing", "Crypto",
        "Bytes",
      ]),
    library(
      "DrillRunner",
      [
        "Files", "RowCodec", "ChainReader", "ArchiveStore", "Postgres", "Pipeline", "AuditCore", "Signing", "Crypto",
        "Bytes",
      ]),
    library("ChainWriter", ["AuditCore", "RowCodec", "CanonicalJSON", "Signing", "Postgres", "Crypto", "Bytes"]),
    .executableTarget(
      name: "memoryctl",
      dependencies: [
        "AWS", "S3Client", "ChainWriter", "Archiver", "DrillRunner", "ChainReader", "ArchiveStore", "Signing",
        "Postgres", "RowCodec", "Pipeline", "Files", "AuditCore", "CanonicalJSON", "Crypto", "Bytes",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: safe),

    .executableTarget(
      name: "canonical-bench", dependencies: ["CanonicalJSON", "Crypto", "Bytes"],
      path: "Benchmarks/CanonicalBench", swiftSettings: common),
    .executableTarget(
      name: "upload-bench",
      dependencies: ["AWS", "S3Client", "ArchiveStore", "Files", "Pipeline", "AuditCore", "Crypto"],
      path: "Benchmarks/UploadBench", swiftSettings: common),

    .target(
      name: "TestSupport",
      dependencies: [
        "ArchiveStore", "S3Client", "AWS", "AuditCore", "XML", "Pipeline", "HTTPTransport", "Postgres", "Crypto",
        "Bytes",
      ],
      path: "Tests/TestSupport",
      swiftSettings: common),
    tests("PipelineTests", ["Pipeline"]),
    tests("CryptoTests", ["Crypto", "Bytes"]),
    tests("PostgresTests", ["Postgres", "Bytes"]),
    tests("HTTPTransportTests", ["HTTPTransport", "Pipeline", "Crypto", "Bytes"]),
    tests("ZstandardTests", ["Zstandard", "Bytes"]),
    tests("XMLTests", ["XML"]),
    tests("AuditCoreTests", ["AuditCore", "CanonicalJSON", "Crypto", "Bytes"]),
    tests("AWSTests", ["AWS", "Signing", "HTTPTransport", "AuditCore", "XML", "Files", "Pipeline", "Crypto"]),
    tests("S3ClientTests", ["S3Client", "AWS", "HTTPTransport", "AuditCore", "Pipeline", "Crypto", "Bytes"]),
    tests("KMSClientTests", ["KMSClient", "AWS", "HTTPTransport", "AuditCore", "Pipeline", "Crypto"]),
    tests("SigningTests", ["Signing", "KMSClient", "AWS", "HTTPTransport", "AuditCore", "Pipeline", "Crypto"]),
    tests(
      "ArchiveStoreTests",
      ["S3Client", "Files", "ArchiveStore", "AuditCore", "Zstandard", "Signing", "Crypto", "Bytes"]),
    tests(
      "ArchiverTests",
      [
        "DrillRunner", "RowCodec", "Bytes", "CanonicalJSON", "Archiver", "ChainReader", "ArchiveStore", "AuditCore",
        "Signing", "Postgres", "Crypto",
      ]),
    tests(
      "DrillRunnerTests",
      ["DrillRunner", "Archiver", "ChainReader", "ArchiveStore", "AuditCore", "Signing", "Postgres"]),
    tests(
      "CommandLineTests",
      ["memoryctl", "HTTPTransport", "S3Client", "ArchiveStore", "AuditCore", "Crypto", "Signing", "Postgres"]),
  ],
  swiftLanguageModes: [.v6]
)
