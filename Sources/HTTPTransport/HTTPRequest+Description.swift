// SPDX-License-Identifier: Apache-2.0

extension HTTPHeader: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "\(name): \(isSecret(name) ? hidden : value)" }
  public var debugDescription: String { description }
  /// What dump(_:to:) and error printers walk, which look at no description.
  public var customMirror: Mirror {
    Mirror(self, children: ["name": name, "value": isSecret(name) ? hidden : value])
  }
}

extension HTTPRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Without the body, and without what is secret of headers and query.
  public var description: String {
    let lines = ["\(method) \(shownURL)"] + headers.map(\.description) + ["\(body.count) bytes"]
    return lines.joined(separator: "; ")
  }
  public var debugDescription: String { description }
  public var customMirror: Mirror {
    Mirror(self, children: ["method": method, "url": shownURL, "headers": headers, "bodyBytes": body.count])
  }

  /// The URL without the values of signatures and the like in its query.
  private var shownURL: String {
    guard let mark = url.firstIndex(of: "?") else { return url }
    let parts = url[url.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false).map { part in
      guard let equals = part.firstIndex(of: "="), isSecret(String(part[..<equals])) else { return String(part) }
      return "\(part[...equals])\(hidden)"
    }
    return url[...mark] + parts.joined(separator: "&")
  }
}

private let hidden = "‹hidden›"

/// Whether the value of a header or a query's parameter lets its holder act as somebody, or read what is not his.
private func isSecret(_ name: String) -> Bool {
  let name = name.lowercased()
  let marks = ["authorization", "token", "signature", "credential", "secret", "password", "cookie", "api-key"]
  return marks.contains { name.contains($0) } || name.hasSuffix("customer-key")
}
