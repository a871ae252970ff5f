// SPDX-License-Identifier: Apache-2.0

/// A text that shows in no description, dump or mirror: keys, tokens.
public struct Secret: Sendable, Equatable {
  /// The text itself, for signing and sending only.
  public let text: String

  public init(_ text: String) { self.text = text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "‹hidden›" }
  public var debugDescription: String { description }
  /// Without children: dump(_:to:) and error printers walk mirrors, not descriptions.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
