// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// Which of a region's hosts for a service is meant.
struct EndpointVariant: Equatable, Sendable {
  var isDualStack = false
  var isFIPS = false

  init(isDualStack: Bool = false, isFIPS: Bool = false) {
    self.isDualStack = isDualStack
    self.isFIPS = isFIPS
  }

  init(_ profile: AWSProfile) throws(Failure) {
    isDualStack = try profile.isTrue("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
    isFIPS = try profile.isTrue("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
  }

  func host(of service: String, in region: String) throws(Failure) -> String {
    let partition = Partition.of(region)
    if service == "s3" {
      guard !isFIPS || partition.name != "aws-cn" else {
        throw Failure(
          .configuration, "S3 has no FIPS endpoint in \(region)", on: "AWS_USE_FIPS_ENDPOINT", remedy: "unset it")
      }
      // S3 had dualstack hosts before there was a suffix for them.
      return "\(isFIPS ? "s3-fips" : "s3")\(isDualStack ? ".dualstack" : "").\(region).\(partition.suffix)"
    }
    // In GovCloud STS's ordinary host is the FIPS one.
    let isPlain = !isFIPS || (service == "sts" && partition.name == "aws-us-gov" && !isDualStack)
    let name = isPlain ? service : service + "-fips"
    return "\(name).\(region).\(isDualStack ? partition.dualStackSuffix : partition.suffix)"
  }
}
