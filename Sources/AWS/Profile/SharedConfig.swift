// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Files

/// The shared config and credentials files together.
///
/// A profile's settings come from both; where both have one, the credentials file's is taken. Files that are not there
/// are empty ones, as the SDKs have it.
public struct SharedConfig: Sendable {
  /// What was looked at, for errors.
  public let paths: [String]
  private var profiles: [String: ProfileSection] = [:]
  private var services: [String: ProfileSection] = [:]

  /// Reads the files that `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE` name, or those below `~/.aws`.
  public init(_ variables: AWSVariables) throws(Failure) {
    let home = try variables["HOME"]
    func path(_ name: String, _ standard: String) throws(Failure) -> String? {
      guard let path = try variables[name] else { return home.map { "\($0)/.aws/\(standard)" } }
      return path.hasPrefix("~/") ? home.map { $0 + path.dropFirst() } : path
    }
    let config = try path("AWS_CONFIG_FILE", "config")
    let credentials = try path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    paths = [config, credentials].compactMap(\.self)
    addConfig(try Self.read(config))
    addCredentials(try Self.read(credentials))
  }

  /// From texts, for tests and tools.
  init(config: ProfileFile = ProfileFile(), credentials: ProfileFile = ProfileFile()) {
    paths = []
    addConfig(config)
    addCredentials(credentials)
  }

  func profile(_ name: String) -> ProfileSection? { profiles[name] }
  func serviceSection(_ name: String) -> ProfileSection? { services[name] }

  private static func read(_ path: String?) throws(Failure) -> ProfileFile {
    guard let path else { return ProfileFile() }
    let bytes: [UInt8]?
    do throws(FileError) { bytes = try File.contents(path, limit: 1 << 20) } catch {
      if error.isMissing { return ProfileFile() }
      throw Failure(
        .configuration, "the file cannot be read", on: path, remedy: "check its permissions", cause: error)
    }
    guard let bytes else {
      throw Failure(.configuration, "the file is larger than a megabyte", on: path, remedy: "correct it")
    }
    return try ProfileFile(parsing: bytes, path: path)
  }

  /// `[profile x]`, `[default]`, `[services x]`; `[profile default]` goes before `[default]`.
  private mutating func addConfig(_ file: ProfileFile) {
    profiles["default"] = file.sections["default"]
    for (title, section) in file.sections {
      let words = title.split(maxSplits: 1) { $0 == " " || $0 == "\t" }.map(String.init)
      guard words.count == 2 else { continue }  // other tools keep sections here too
      switch words[0] {
      case "profile": profiles[Self.unquoted(words[1])] = section
      case "services": services[Self.unquoted(words[1])] = section
      default: continue
      }
    }
  }

  /// Every section is a profile.
  private mutating func addCredentials(_ file: ProfileFile) {
    for (title, section) in file.sections { profiles[Self.unquoted(title), default: ProfileSection()].merge(section) }
  }

  private static func unquoted(_ text: String) -> String {
    let text = text.drop { $0 == " " || $0 == "\t" }
    for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
      return String(text.dropFirst().dropLast())
    }
    return String(text)
  }
}
