// SPDX-License-Identifier: Apache-2.0

/// A group of regions with accounts and host names of its own.
struct Partition: Equatable, Sendable {
  let name: String
  let suffix: String
  /// Suffix of hosts that have IPv6 addresses too; S3 names those differently.
  let dualStackSuffix: String

  /// By the region's prefix, so that regions that come later have theirs.
  static func of(_ region: String) -> Partition {
    known.first { region.hasPrefix($0.prefix) }?.partition ?? aws
  }

  static let aws = Partition(name: "aws", suffix: "amazonaws.com", dualStackSuffix: "api.aws")

  private static let known: [(prefix: String, partition: Partition)] = [
    (
      "cn-",
      Partition(name: "aws-cn", suffix: "amazonaws.com.cn", dualStackSuffix: "api.amazonwebservices.com.cn")
    ),
    ("us-gov-", Partition(name: "aws-us-gov", suffix: "amazonaws.com", dualStackSuffix: "api.aws")),
    ("us-iso-", Partition(name: "aws-iso", suffix: "c2s.ic.gov", dualStackSuffix: "api.aws.ic.gov")),
    ("us-isob-", Partition(name: "aws-iso-b", suffix: "sc2s.sgov.gov", dualStackSuffix: "api.aws.scloud")),
    ("eu-isoe-", Partition(name: "aws-iso-e", suffix: "cloud.adc-e.uk", dualStackSuffix: "api.cloud-aws.adc-e.uk")),
    ("us-isof-", Partition(name: "aws-iso-f", suffix: "csp.hci.ic.gov", dualStackSuffix: "api.aws.hci.ic.gov")),
    ("eusc-", Partition(name: "aws-eusc", suffix: "amazonaws.eu", dualStackSuffix: "api.amazonwebservices.eu")),
  ]
}
