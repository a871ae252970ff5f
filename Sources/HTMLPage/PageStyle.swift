// SPDX-License-Identifier: Apache-2.0
internal import Cryptography

/// The stylesheet that pages share.
///
/// Colours are custom properties, for light and dark. Pairs of text and ground keep 4.5 to 1, marks 3 to 1; no meaning
/// hangs on a colour alone.
public struct PageStyle: Sendable {
  let text: String
  let policy: String

  public static let shared = PageStyle(colours + layout + parts + printing)

  private init(_ text: String) {
    self.text = text
    let hash = SHA256.hash(Array(text.utf8))
    let base64 = Base64.encode(hash.bytes)
    policy = "default-src 'none'; style-src 'sha256-\(base64)'; img-src data:; base-uri 'none'; form-action 'none'"
  }

  /// The same with rules of one page's own.
  public func adding(_ rules: StaticString) -> PageStyle { PageStyle(text + String(describing: rules)) }
}
