// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// A service's endpoint, and the region that requests to it are signed for.
public struct ServiceEndpoint: Sendable, Equatable {
  /// As signatures and the ends of variables' names have it: `s3`, `kms`, `sts`.
  public let service: String
  public let region: String
  public let endpoint: Endpoint
  /// Whether somebody wrote the endpoint down, rather than the region's being AWS's own.
  public let isConfigured: Bool
}

extension AWSProfile {
  /// `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's `region`.
  public func region() throws(Failure) -> String? {
    guard let region = try variables.first("AWS_REGION", "AWS_DEFAULT_REGION") ?? section.values["region"],
      !region.isEmpty
    else { return nil }
    // It becomes a part of host names.
    let isLabel = region.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    guard isLabel, region.utf8.count < 64, region.first != "-", region.last != "-" else {
      throw Failure(.configuration, "this is no region's name", on: "AWS_REGION", remedy: "write one such as eu-west-1")
    }
    return region
  }

  /// Where a service is.
  ///
  /// For S3 this project's own `S3_ENDPOINT` goes first. Then, unless `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` says not
  /// to look: `AWS_ENDPOINT_URL_S3` (`_KMS`, `_STS`), `AWS_ENDPOINT_URL`, the profile's `services` section, the
  /// profile's `endpoint_url`. Otherwise the region's own host. A configured endpoint without a region is signed for as
  /// `us-east-1`, as servers that have no regions expect it.
  ///
  /// - SeeAlso: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
  public func endpoint(of service: String) throws(Failure) -> ServiceEndpoint {
    let region = try region()
    let variant = try EndpointVariant(self)
    if let configured = try configuredEndpoint(of: service) {
      guard variant == EndpointVariant() else {
        throw Failure(
          .configuration, "an endpoint of one's own has no dualstack or FIPS variant",
          on: "AWS_USE_DUALSTACK_ENDPOINT or AWS_USE_FIPS_ENDPOINT", remedy: "unset it, or the endpoint")
      }
      return ServiceEndpoint(
        service: service, region: region ?? "us-east-1", endpoint: configured, isConfigured: true)
    }
    guard let region else {
      throw Failure(
        .configuration, "no region is configured", on: "AWS_REGION",
        remedy: "set it, or region in profile \(name) of the AWS config file")
    }
    if service == "sts", try usesGlobalSTS(region), variant == EndpointVariant() {
      return ServiceEndpoint(
        service: service, region: "us-east-1", endpoint: Endpoint(https: "sts.amazonaws.com"), isConfigured: false)
    }
    let host = try variant.host(of: service, in: region)
    return ServiceEndpoint(service: service, region: region, endpoint: Endpoint(https: host), isConfigured: false)
  }

  private func configuredEndpoint(of service: String) throws(Failure) -> Endpoint? {
    if service == "s3", let url = try variables["S3_ENDPOINT"] { return try Endpoint(url, from: "S3_ENDPOINT") }
    if try isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") { return nil }
    for variable in ["AWS_ENDPOINT_URL_" + service.uppercased(), "AWS_ENDPOINT_URL"] {
      if let url = try variables[variable] { return try Endpoint(url, from: variable) }
    }
    if let name = section.values["services"] {
      guard let services = config.serviceSection(name) else {
        throw Failure(
          .configuration, "profile \(self.name) names it, and there is no such section", on: "[services \(name)]",
          remedy: "correct the AWS config file")
      }
      if let url = services.nested[service]?["endpoint_url"] {
        return try Endpoint(url, from: "endpoint_url of \(service) in [services \(name)]")
      }
    }
    guard let url = section.values["endpoint_url"], !url.isEmpty else { return nil }
    return try Endpoint(url, from: "endpoint_url in profile \(name)")
  }

  /// STS was one host for all before it had regional ones.
  private func usesGlobalSTS(_ region: String) throws(Failure) -> Bool {
    switch try value("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints") ?? "regional" {
    case "regional": return false
    case "legacy": return Self.regionsOfGlobalSTS.contains(region)
    default:
      throw Failure(
        .configuration, "this is neither regional nor legacy", on: "AWS_STS_REGIONAL_ENDPOINTS", remedy: "correct it")
    }
  }

  private static let regionsOfGlobalSTS: Set<String> = [
    "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1",
    "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
  ]
}
