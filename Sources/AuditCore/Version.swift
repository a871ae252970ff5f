// SPDX-License-Identifier: Apache-2.0

/// What this software calls itself in manifests and reports.
public enum Tool {
  public static let version = "1.0.0"
  public static let name = "memoryctl \(version)"
}
