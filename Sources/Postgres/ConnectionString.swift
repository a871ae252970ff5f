// SPDX-License-Identifier: Apache-2.0
internal import CPostgres

/// Looks at a connection string before libpq connects by it: what libpq says of one that it cannot read, and of a host
/// or a port that is a part of a password, repeats the text.
enum ConnectionString {
  /// - Returns: what is wrong, without any of the text; nil where libpq can connect by it.
  static func fault(_ text: String) -> String? {
    let scheme = ["postgresql://", "postgres://"].first { text.hasPrefix($0) }
    // libpq takes what is neither a URL nor has a keyword for a database's name.
    guard scheme != nil || text.contains("=") else { return "this is no connection string" }
    if let scheme, hasStrayAt(text.dropFirst(scheme.utf8.count)) {
      return "this is no connection string: an @ or a / of the password must be written as %40 or %2F"
    }
    var words: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(text, &words) else {
      PQfreemem(words)  // libpq's words, which hold the text
      return "this is no connection string that libpq can read"
    }
    defer { PQconninfoFree(options) }
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val, !isPlausible(String(cString: value), String(cString: keyword)) {
        return "this is no connection string: its \(String(cString: keyword)) cannot be one"
      }
      option += 1
    }
    return nil
  }

  /// Whether an @ stands where libpq would take what is before it for something else than a password.
  private static func hasStrayAt(_ rest: Substring) -> Bool {
    let parts = rest.prefix { $0 != "?" }.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    return parts[0].count { $0 == "@" } > 1 || parts.count > 1 && parts[1].contains("@")
  }

  private static func isPlausible(_ value: String, _ keyword: String) -> Bool {
    switch keyword {
    case "port", "connect_timeout":
      value.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2c || $0 == 0x2d || $0 == 0x20 }
    // A host that begins with @ is an abstract socket's name.
    case "host", "hostaddr": !value.dropFirst().contains("@") || value.hasPrefix("/")
    default: true
    }
  }
}
