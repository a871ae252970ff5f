// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Testing

@testable import AWS

/// A region's hosts, which AWS's published endpoint rules give.
struct HostRow: Sendable, CustomTestStringConvertible {
  let region: String
  let variant: EndpointVariant
  let s3: String?
  let kms: String
  let sts: String

  var testDescription: String { "\(region), dualstack \(variant.isDualStack), FIPS \(variant.isFIPS)" }

  init(_ region: String, dual: Bool = false, fips: Bool = false, s3: String?, kms: String, sts: String) {
    self.region = region
    variant = EndpointVariant(isDualStack: dual, isFIPS: fips)
    (self.s3, self.kms, self.sts) = (s3, kms, sts)
  }

  static let all: [HostRow] = [
    HostRow(
      "us-east-1", s3: "s3.us-east-1.amazonaws.com", kms: "kms.us-east-1.amazonaws.com",
      sts: "sts.us-east-1.amazonaws.com"),
    HostRow(
      "eu-central-1", dual: true, s3: "s3.dualstack.eu-central-1.amazonaws.com", kms: "kms.eu-central-1.api.aws",
      sts: "sts.eu-central-1.api.aws"),
    HostRow(
      "us-west-2", fips: true, s3: "s3-fips.us-west-2.amazonaws.com", kms: "kms-fips.us-west-2.amazonaws.com",
      sts: "sts-fips.us-west-2.amazonaws.com"),
    HostRow(
      "us-west-2", dual: true, fips: true, s3: "s3-fips.dualstack.us-west-2.amazonaws.com",
      kms: "kms-fips.us-west-2.api.aws", sts: "sts-fips.us-west-2.api.aws"),
    HostRow(
      "cn-north-1", s3: "s3.cn-north-1.amazonaws.com.cn", kms: "kms.cn-north-1.amazonaws.com.cn",
      sts: "sts.cn-north-1.amazonaws.com.cn"),
    HostRow(
      "cn-north-1", dual: true, s3: "s3.dualstack.cn-north-1.amazonaws.com.cn",
      kms: "kms.cn-north-1.api.amazonwebservices.com.cn", sts: "sts.cn-north-1.api.amazonwebservices.com.cn"),
    HostRow(
      "cn-north-1", fips: true, s3: nil, kms: "kms-fips.cn-north-1.amazonaws.com.cn",
      sts: "sts-fips.cn-north-1.amazonaws.com.cn"),
    HostRow(
      "us-gov-west-1", fips: true, s3: "s3-fips.us-gov-west-1.amazonaws.com",
      kms: "kms-fips.us-gov-west-1.amazonaws.com", sts: "sts.us-gov-west-1.amazonaws.com"),
    HostRow(
      "us-gov-west-1", dual: true, fips: true, s3: "s3-fips.dualstack.us-gov-west-1.amazonaws.com",
      kms: "kms-fips.us-gov-west-1.api.aws", sts: "sts-fips.us-gov-west-1.api.aws"),
    HostRow(
      "us-iso-east-1", s3: "s3.us-iso-east-1.c2s.ic.gov", kms: "kms.us-iso-east-1.c2s.ic.gov",
      sts: "sts.us-iso-east-1.c2s.ic.gov"),
    HostRow(
      "us-isob-east-1", dual: true, s3: "s3.dualstack.us-isob-east-1.sc2s.sgov.gov",
      kms: "kms.us-isob-east-1.api.aws.scloud", sts: "sts.us-isob-east-1.api.aws.scloud"),
    HostRow(
      "eu-isoe-west-1", s3: "s3.eu-isoe-west-1.cloud.adc-e.uk", kms: "kms.eu-isoe-west-1.cloud.adc-e.uk",
      sts: "sts.eu-isoe-west-1.cloud.adc-e.uk"),
    HostRow(
      "us-isof-south-1", s3: "s3.us-isof-south-1.csp.hci.ic.gov", kms: "kms.us-isof-south-1.csp.hci.ic.gov",
      sts: "sts.us-isof-south-1.csp.hci.ic.gov"),
    HostRow(
      "eusc-de-east-1", s3: "s3.eusc-de-east-1.amazonaws.eu", kms: "kms.eusc-de-east-1.amazonaws.eu",
      sts: "sts.eusc-de-east-1.amazonaws.eu"),
  ]
}

@Suite("Endpoints")
struct EndpointTests {
  private func profile(_ variables: [String: String], _ config: String = "") throws -> AWSProfile {
    let file = try ProfileFile(parsing: Array(config.utf8), path: "config")
    return try AWSProfile(AWSVariables(variables), SharedConfig(config: file))
  }

  @Test("hosts by region", arguments: HostRow.all)
  func hosts(_ row: HostRow) throws {
    func host(_ service: String) throws -> String? { try? row.variant.host(of: service, in: row.region) }
    #expect(try host("s3") == row.s3)
    #expect(try host("kms") == row.kms)
    #expect(try host("sts") == row.sts)
  }

  static let region = ["AWS_REGION": "eu-west-1"]
  static let file = """
    [default]
    endpoint_url = http://all.file
    services = mine
    [services mine]
    s3 =
      endpoint_url = http://s3.file
    """

  static let choices: [(name: String, variables: [String: String], config: String, s3: String, kms: String)] = [
    ("AWS's own", [:], "", "https://s3.eu-west-1.amazonaws.com", "https://kms.eu-west-1.amazonaws.com"),
    (
      "the project's own", ["S3_ENDPOINT": "http://a", "AWS_ENDPOINT_URL_S3": "http://b"], "", "http://a",
      "https://kms.eu-west-1.amazonaws.com"
    ),
    (
      "the service's before all services'", ["AWS_ENDPOINT_URL_KMS": "http://a", "AWS_ENDPOINT_URL": "http://b"], "",
      "http://b", "http://a"
    ),
    ("variables before the file", ["AWS_ENDPOINT_URL": "http://b"], file, "http://b", "http://b"),
    ("the file", [:], file, "http://s3.file", "http://all.file"),
    (
      "the file, ignored", ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], file,
      "https://s3.eu-west-1.amazonaws.com", "https://kms.eu-west-1.amazonaws.com"
    ),
    (
      "variables ignored, the project's own not",
      ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://b", "S3_ENDPOINT": "http://c"], "",
      "http://c", "https://kms.eu-west-1.amazonaws.com"
    ),
    (
      "dualstack", ["AWS_USE_DUALSTACK_ENDPOINT": "true"], "", "https://s3.dualstack.eu-west-1.amazonaws.com",
      "https://kms.eu-west-1.api.aws"
    ),
    (
      "FIPS by profile", [:], "[default]\nuse_fips_endpoint = true", "https://s3-fips.eu-west-1.amazonaws.com",
      "https://kms-fips.eu-west-1.amazonaws.com"
    ),
    (
      "a variable's no before the profile's yes", ["AWS_USE_FIPS_ENDPOINT": "false"],
      "[default]\nuse_fips_endpoint = true", "https://s3.eu-west-1.amazonaws.com",
      "https://kms.eu-west-1.amazonaws.com"
    ),
  ]

  @Test("which endpoint is taken", arguments: choices)
  func choice(row: (name: String, variables: [String: String], config: String, s3: String, kms: String)) throws {
    let profile = try profile(row.variables.merging(Self.region) { a, _ in a }, row.config)
    #expect(try profile.endpoint(of: "s3").endpoint.url == row.s3)
    #expect(try profile.endpoint(of: "kms").endpoint.url == row.kms)
    #expect(try profile.endpoint(of: "s3").region == "eu-west-1")
    #expect(try profile.endpoint(of: "s3").isConfigured == !row.s3.hasSuffix("amazonaws.com"))
  }

  @Test("the region: AWS_REGION, AWS_DEFAULT_REGION, the profile; none is refused, but with an endpoint of one's own")
  func regions() throws {
    let file = "[default]\nregion = c"
    #expect(try profile(["AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"], file).region() == "a")
    #expect(try profile(["AWS_DEFAULT_REGION": "b"], file).region() == "b")
    #expect(try profile([:], file).region() == "c")
    let failure = #expect(throws: Failure.self) { try profile([:]).endpoint(of: "s3") }
    #expect(failure?.status == .configuration && failure?.object == "AWS_REGION")
    #expect(try profile(["S3_ENDPOINT": "http://127.0.0.1:1"]).endpoint(of: "s3").region == "us-east-1")
    for wrong in ["evil.com/", "EU", "a.b", "-a", "a-", String(repeating: "a", count: 64)] {
      #expect(throws: Failure.self, "\(wrong)") { try profile(["AWS_REGION": wrong]).region() }
    }
  }

  static let sts: [(region: String, mode: String?, url: String, signed: String)] = [
    ("eu-west-1", nil, "https://sts.eu-west-1.amazonaws.com", "eu-west-1"),
    ("eu-west-1", "regional", "https://sts.eu-west-1.amazonaws.com", "eu-west-1"),
    ("eu-west-1", "legacy", "https://sts.amazonaws.com", "us-east-1"),
    ("ap-east-1", "legacy", "https://sts.ap-east-1.amazonaws.com", "ap-east-1"),
  ]

  @Test("STS is regional unless the old way is asked for", arguments: sts)
  func tokenServices(row: (region: String, mode: String?, url: String, signed: String)) throws {
    var variables = ["AWS_REGION": row.region]
    variables["AWS_STS_REGIONAL_ENDPOINTS"] = row.mode
    let endpoint = try profile(variables).endpoint(of: "sts")
    #expect(endpoint.endpoint.url == row.url && endpoint.region == row.signed)
  }

  static let faults: [(name: String, variables: [String: String], config: String, object: String)] = [
    (
      "dualstack of one's own", ["S3_ENDPOINT": "http://a", "AWS_USE_DUALSTACK_ENDPOINT": "true"], "",
      "AWS_USE_DUALSTACK_ENDPOINT or AWS_USE_FIPS_ENDPOINT"
    ),
    ("neither true nor false", ["AWS_USE_FIPS_ENDPOINT": "maybe"], "", "AWS_USE_FIPS_ENDPOINT"),
    ("no such services section", [:], "[default]\nservices = x", "[services x]"),
    ("no URL", ["AWS_ENDPOINT_URL_S3": "minio:9000"], "", "AWS_ENDPOINT_URL_S3"),
    ("a password in a URL", ["S3_ENDPOINT": "https://u:SECRET@host"], "", "S3_ENDPOINT"),
    ("a query in a URL", ["S3_ENDPOINT": "https://host/?SECRET"], "", "S3_ENDPOINT"),
    ("another scheme", ["S3_ENDPOINT": "ftp://host"], "", "S3_ENDPOINT"),
    ("a port too high", ["S3_ENDPOINT": "https://host:65536"], "", "S3_ENDPOINT"),
    ("no host", ["S3_ENDPOINT": "https:///path"], "", "S3_ENDPOINT"),
  ]

  @Test("settings that cannot be meant are refused by name", arguments: faults)
  func refuses(row: (name: String, variables: [String: String], config: String, object: String)) throws {
    let profile = try profile(row.variables.merging(Self.region) { a, _ in a }, row.config)
    let failure = #expect(throws: Failure.self) { try profile.endpoint(of: "s3") }
    #expect(failure?.status == .configuration && failure?.object == row.object)
    #expect(failure.map { "\($0)".contains("SECRET") } == false)
  }

  static let buckets: [(endpoint: String, force: String?, bucket: String, url: String)] = [
    ("https://s3.eu-west-1.amazonaws.com", nil, "archive", "https://archive.s3.eu-west-1.amazonaws.com"),
    ("https://s3.eu-west-1.amazonaws.com", "true", "archive", "https://s3.eu-west-1.amazonaws.com/archive"),
    ("https://s3.eu-west-1.amazonaws.com", "1", "archive", "https://s3.eu-west-1.amazonaws.com/archive"),
    ("https://s3.eu-west-1.amazonaws.com", "false", "a.b", "https://s3.eu-west-1.amazonaws.com/a.b"),
    ("https://s3.eu-west-1.amazonaws.com", nil, "Upper", "https://s3.eu-west-1.amazonaws.com/Upper"),
    ("https://minio.example.com", nil, "archive", "https://archive.minio.example.com"),
    ("https://minio.example.com/base/", nil, "a_b", "https://minio.example.com/base/a_b"),
    ("https://minio.example.com:9443/base", nil, "archive", "https://archive.minio.example.com:9443/base"),
    ("http://127.0.0.1:9000", nil, "archive", "http://127.0.0.1:9000/archive"),
    ("http://localhost:9000/", nil, "archive", "http://localhost:9000/archive"),
    ("http://[::1]:9000", nil, "archive", "http://[::1]:9000/archive"),
    ("HTTP://Example.COM", nil, "archive", "http://archive.example.com"),
  ]

  @Test("a bucket is a host's label or a path's segment", arguments: buckets)
  func addressing(row: (endpoint: String, force: String?, bucket: String, url: String)) throws {
    var variables = ["S3_ENDPOINT": row.endpoint]
    variables["S3_FORCE_PATH_STYLE"] = row.force
    #expect(try S3Addressing(profile(variables)).bucket(row.bucket).url == row.url)
  }

  @Test("path style by profile, and the variable before it")
  func pathStyle() throws {
    let file = "[default]\ns3 =\n  addressing_style = path\n"
    #expect(try S3Addressing(profile(Self.region, file)).forcesPathStyle)
    let variables = ["AWS_REGION": "eu-west-1", "S3_FORCE_PATH_STYLE": "false"]
    #expect(try !S3Addressing(profile(variables, file)).forcesPathStyle)
  }

  static let labels: [(name: String, isLabel: Bool)] = [
    ("abc", true), ("a-1", true), ("ab", false), ("a.c", false), ("-ab", false), ("ab-", false), ("aBc", false),
    ("a_c", false), (String(repeating: "a", count: 63), true), (String(repeating: "a", count: 64), false), ("", false),
  ]

  @Test("which buckets can be a host's label", arguments: labels)
  func label(row: (name: String, isLabel: Bool)) {
    #expect(S3Addressing.isHostLabel(row.name) == row.isLabel)
  }
}
