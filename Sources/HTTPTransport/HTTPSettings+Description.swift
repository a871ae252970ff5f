// SPDX-License-Identifier: Apache-2.0

extension HTTPSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Without the key, its passphrase and the proxy's URL, which may hold a password.
  public var description: String { "settings of HTTP as \(userAgent)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror {
    Mirror(self, children: ["userAgent": userAgent, "connectTimeout": connectTimeout])
  }
}
