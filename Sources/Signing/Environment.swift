// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Glibc

/// The variables of a run. Every secret `NAME` may come from the file that `NAME_FILE` names instead.
public struct Environment: Sendable {
  private let values: [String: String]

  public init(_ values: [String: String]) { self.values = values }

  /// The variable's value, or its file's without one newline at the end; nil when neither is set, or to nothing.
  public func value(_ name: String) throws(Failure) -> String? {
    let direct = values[name].flatMap { $0.isEmpty ? nil : $0 }
    guard let path = values[name + "_FILE"], !path.isEmpty else { return direct }
    if direct != nil {
      throw Failure(.configuration, "both \(name) and \(name)_FILE are set", on: name, remedy: "keep one of them")
    }
    guard var bytes = readSmallFile(path) else {
      throw Failure(
        .configuration, "the file that it names cannot be read", on: "\(name)_FILE",
        remedy: "check the path and its permissions")
    }
    if bytes.last == 0x0a { bytes.removeLast() }
    // A secret of no bytes, or one whose bytes a repair would change, must not pass for a secret.
    guard !bytes.isEmpty, let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(
        .configuration, "the file that it names is empty or no UTF-8", on: "\(name)_FILE", remedy: "correct the file")
    }
    return text
  }

  /// The first of several names that is set.
  public func firstValue(_ names: String...) throws(Failure) -> String? {
    for name in names {
      if let value = try value(name) { return value }
    }
    return nil
  }

  /// Whether a variable says yes.
  public func isTrue(_ name: String) throws(Failure) -> Bool {
    guard let text = try word(name) else { return false }
    if ["true", "1", "yes", "on"].contains(text) { return true }
    if ["false", "0", "no", "off"].contains(text) { return false }
    // What is meant to switch a protection on must not leave it off for a slip.
    throw Failure(.configuration, "this is neither true nor false", on: name, remedy: "write true or false")
  }

  public func isProduction() throws(Failure) -> Bool { try word("NODE_ENV") == "production" }
  public func isDevelopment() throws(Failure) -> Bool { try word("NODE_ENV") == "development" }

  /// In lower case, and without white space around it.
  private func word(_ name: String) throws(Failure) -> String? {
    guard let text = try value(name)?.lowercased() else { return nil }
    let words = text.split(whereSeparator: \.isWhitespace)
    return words.isEmpty ? nil : words.joined(separator: " ")
  }

  /// Signing, and signed rows, are demanded.
  public func requiresSigning() throws(Failure) -> Bool {
    if try isProduction() { return true }
    return try isTrue("REQUIRE_KMS")
  }
}

/// Reads a file of at most a megabyte; nil when it cannot be read or is larger.
public func readSmallFile(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(descriptor, &piece, piece.count)
    guard count >= 0 else { return nil }
    if count == 0 { return bytes }
    bytes += piece[..<count]
    if bytes.count > limit { return nil }
  }
}
