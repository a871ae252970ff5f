// SPDX-License-Identifier: Apache-2.0

extension Tool {
  /// What `git archive` writes the commit into; in a checkout the place holder stands.
  private static let stamp = "$Format:%H$"

  /// The commit that this program was built from; nil where it was built from a checkout.
  public static let commit: String? = stamp.hasPrefix("$") ? nil : stamp

  /// The version, and the commit where it is known: `1.0.0 (4f6c…)`.
  public static let build = commit.map { "\(version) (\($0))" } ?? version
}
