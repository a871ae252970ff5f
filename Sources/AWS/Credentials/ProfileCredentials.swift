// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// What the chosen profile of the shared files gives: a role of another source, keys, a program's answer.
///
/// The files are read anew each time, so that keys that somebody exchanges in them come into use.
///
/// - SeeAlso: AWS SDKs and Tools Reference Guide, "Assume role credential provider" and "Process credential provider".
struct ProfileCredentials: CredentialProvider {
  let context: CredentialContext

  var name: String { "profile" }

  func load() throws(Failure) -> CredentialLookup {
    let profile = try AWSProfile(context.variables)
    guard profile.config.profile(profile.name) != nil else {
      return .absent("no profile \(profile.name) in \(profile.config.paths.joined(separator: " or "))")
    }
    return try ProfileWalk(context: context, config: profile.config).load(profile.name)
  }
}

/// The way from a profile to the keys that its roles begin with.
private struct ProfileWalk {
  let context: CredentialContext
  let config: SharedConfig
  /// Profiles on the way here.
  var visited: [String] = []

  func load(_ name: String) throws(Failure) -> CredentialLookup {
    let place = "profile \(name)"
    guard let section = config.profile(name) else {
      throw Failure(
        .configuration, "source_profile of \(visited.last ?? "a profile") names it, and there is no such profile",
        on: place, remedy: "correct the AWS config file")
    }
    func setting(_ name: String) -> String? { section.values[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let arn = setting("role_arn") {
      var role = RoleRequest(arn: arn, sessionName: setting("role_session_name"), externalID: setting("external_id"))
      if let file = setting("web_identity_token_file") {
        return .found(try TokenService(context: context).assume(role, webIdentity: file, as: place))
      }
      // Where a role is only the source of another, keys beside it go first.
      if visited.isEmpty || !section.hasKeys {
        role.durationSeconds = try Self.duration(setting("duration_seconds"), place)
        let source = try source(of: name, section)
        return .found(try TokenService(context: context).assume(role, with: source, as: place))
      }
    }
    if section.hasKeys { return .found(try Self.keys(section, place)) }
    if let command = setting("credential_process") {
      return .found(try CredentialProcess(command: command, place: place).run(context.retrier.cancellation))
    }
    try Self.refuseUnsupported(section, place)
    return .absent("\(place) has no credentials")
  }

  /// Credentials to ask for the role with.
  private func source(of name: String, _ section: ProfileSection) throws(Failure) -> Credentials {
    let place = "profile \(name)"
    func failure(_ problem: String, _ remedy: String) -> Failure {
      Failure(.configuration, problem, on: place, remedy: remedy)
    }
    if section.values["mfa_serial"] != nil {
      throw failure("mfa_serial asks for a code, and nobody is there to type one", "use a role without it")
    }
    switch (section.values["source_profile"], section.values["credential_source"]) {
    case (nil, nil): throw failure("role_arn has no source_profile or credential_source", "add one of them")
    case (_?, _?): throw failure("both source_profile and credential_source are set", "keep one of them")
    case (nil, let source?): return try named(source, place)
    case (let next?, nil):
      if next == name {
        guard section.hasKeys else { throw failure("source_profile names itself", "name another profile") }
        return try Self.keys(section, place)
      }
      guard !visited.contains(next) else {
        throw failure("source_profile leads back to \(next)", "end the circle in the AWS config file")
      }
      let further = ProfileWalk(context: context, config: config, visited: visited + [name])
      guard case .found(let credentials) = try further.load(next) else {
        throw failure("its source_profile \(next) has no credentials", "add some there")
      }
      return credentials
    }
  }

  private func named(_ source: String, _ place: String) throws(Failure) -> Credentials {
    let provider: any CredentialProvider
    switch source.lowercased() {
    case "environment": provider = EnvironmentCredentials.standard(context.variables)
    case "ecscontainer": provider = ContainerCredentials(context: context)
    case "ec2instancemetadata": provider = InstanceMetadataCredentials(context: context)
    default:
      throw Failure(
        .configuration, "this credential_source is unknown", on: place,
        remedy: "write Environment, EcsContainer or Ec2InstanceMetadata")
    }
    switch try provider.load() {
    case .found(let credentials): return credentials
    case .absent(let reason):
      throw Failure(
        .configuration, "its credential_source \(source) has no credentials: \(reason)", on: place,
        remedy: "provide them there")
    }
  }

  private static func keys(_ section: ProfileSection, _ place: String) throws(Failure) -> Credentials {
    guard let id = section.values["aws_access_key_id"], let key = section.values["aws_secret_access_key"],
      !id.isEmpty, !key.isEmpty
    else {
      throw Failure(
        .configuration, "it has one of aws_access_key_id and aws_secret_access_key", on: place, remedy: "add the other")
    }
    let token = section.values["aws_session_token"].flatMap { $0.isEmpty ? nil : $0 }
    return Credentials(accessKeyID: id, secretAccessKey: key, sessionToken: token, source: place)
  }

  private static func duration(_ text: String?, _ place: String) throws(Failure) -> Int? {
    guard let text else { return nil }
    guard let seconds = Int(text), seconds > 0 else {
      throw Failure(.configuration, "duration_seconds is no number of seconds", on: place, remedy: "correct it")
    }
    return seconds
  }

  private static func refuseUnsupported(_ section: ProfileSection, _ place: String) throws(Failure) {
    let kind = section.values.keys.contains { $0.hasPrefix("sso_") } ? "IAM Identity Center (sso_*)" : nil
    guard let kind = kind ?? section.values["login_session"].map({ _ in "console login (login_session)" }) else {
      return
    }
    throw Failure(
      .configuration, "\(kind) is not supported: it needs somebody at a browser", on: place,
      remedy: "add credential_process = aws configure export-credentials --profile <that profile> to another profile "
        + "and use that, or use a role")
  }
}

extension ProfileSection {
  fileprivate var hasKeys: Bool { values["aws_access_key_id"] != nil || values["aws_secret_access_key"] != nil }
}
