// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// The variables and files of a run, and the profile that they choose: `AWS_PROFILE`, else `AWS_DEFAULT_PROFILE`, else
/// `default`.
public struct AWSProfile: Sendable {
  public let variables: AWSVariables
  public let config: SharedConfig
  public let name: String
  let section: ProfileSection

  public init(_ variables: AWSVariables) throws(Failure) {
    try self.init(variables, SharedConfig(variables))
  }

  init(_ variables: AWSVariables, _ config: SharedConfig) throws(Failure) {
    self.variables = variables
    self.config = config
    let chosen = try variables.first("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    name = chosen ?? "default"
    guard let section = config.profile(name) else {
      // A profile that somebody named and that is not there is a slip, not a wish to use something else.
      guard chosen == nil else {
        throw Failure(
          .configuration, "there is no such profile in \(config.paths.joined(separator: " or "))", on: name,
          remedy: "correct AWS_PROFILE or the file")
      }
      section = ProfileSection()
      return
    }
    self.section = section
  }

  /// A variable, else a setting of the profile.
  func value(_ variable: String, _ setting: String) throws(Failure) -> String? {
    if let value = try variables[variable] { return value }
    return section.values[setting].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Whether a variable, or else a setting, says `true`.
  func isTrue(_ variable: String, _ setting: String) throws(Failure) -> Bool {
    guard let text = try value(variable, setting)?.lowercased() else { return false }
    switch text {
    case "true": return true
    case "false": return false
    default: throw Failure(.configuration, "this is neither true nor false", on: variable, remedy: "correct it")
    }
  }

  /// Attempts that a call has in all: `AWS_MAX_ATTEMPTS`, `max_attempts`.
  public func maxAttempts() throws(Failure) -> Int {
    guard let text = try value("AWS_MAX_ATTEMPTS", "max_attempts") else { return 3 }
    guard let attempts = Int(text), attempts >= 1 else {
      throw Failure(.configuration, "this is no number from 1 on", on: "AWS_MAX_ATTEMPTS", remedy: "correct it")
    }
    return attempts
  }

  /// Seconds that a service may be silent, or slower than a kilobyte a second: `AUDIT_STALL_SECONDS`, this project's own.
  public func stallSeconds() throws(Failure) -> Int {
    guard let text = try variables["AUDIT_STALL_SECONDS"] else { return 60 }
    guard let seconds = Int(text), (1...3600).contains(seconds) else {
      throw Failure(.configuration, "this is no number from 1 to 3600", on: "AUDIT_STALL_SECONDS", remedy: "correct it")
    }
    return seconds
  }

  /// A file with the certificates that servers are checked by, in place of the system's.
  public func caBundle() throws(Failure) -> String? { try value("AWS_CA_BUNDLE", "ca_bundle") }
}
