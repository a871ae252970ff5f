// SPDX-License-Identifier: Apache-2.0
import AuditCore

@testable import AWS
@testable import KMSClient
@testable import Postgres
@testable import S3Client
@testable import Signing

/// Files and words that operators write: they are read, or refused in words that show nothing of them.
@Sendable func checkSettings(_ bytes: [UInt8]) throws {
  try checkProfiles(bytes)
  guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else { return }
  try checkWords(text)
  if let fault = ConnectionString.fault(text) {
    try require(text.utf8.count < 40 || !fault.contains(text), "a connection string is repeated: \(fault)")
  }
  if let spec = SignerSpec(text) { try require(SignerSpec(spec.description) == spec, "\(spec) is another signer") }
  if let id = KMSKeyID(text) { try require(id.text.utf8.elementsEqual(text.utf8), "a key's id changes") }
  if let pin = RegistryPin(text) { try require(pin.version != nil || pin.digest != nil, "a pin of nothing") }
  if let failure = failure(of: { () throws(Failure) in _ = try Endpoint(text, from: "URL") }) {
    try require(text.utf8.count < 60 || !failure.description.contains(text), "a URL is repeated: \(failure)")
  }
}

private func failure(of body: () throws(Failure) -> Void) -> Failure? {
  do throws(Failure) { try body() } catch { return error }
  return nil
}

private func checkProfiles(_ bytes: [UInt8]) throws {
  let file: ProfileFile
  do throws(Failure) { file = try ProfileFile(parsing: bytes, path: "config") } catch {
    // Nothing of a file that may hold keys is shown: the number of a line is all.
    let words = error.description.split(separator: " ")
    return try require(words.count < 24, "a file's error tells of it: \(error)")
  }
  for (title, section) in file.sections {
    try require(!title.isEmpty, "a section without a name")
    try require(section.values.keys.allSatisfy { !$0.isEmpty }, "a setting without a name")
  }
  let config = SharedConfig(config: file, credentials: file)
  for name in ["default", "other"] {
    let variables = AWSVariables(["AWS_PROFILE": name])
    guard config.profile(name) != nil, let profile = try? AWSProfile(variables, config) else { continue }
    _ = try? profile.maxAttempts()
    _ = try? S3Addressing(profile)
    if let endpoint = try? profile.endpoint(of: "s3").endpoint {
      try require((try? Endpoint(endpoint.url, from: "URL")) == endpoint, "\(endpoint.url) is another endpoint")
    }
  }
}

/// Words that are quoted come back as they were.
private func checkWords(_ text: String) throws {
  let words = ShellWords.split(text)
  guard let words else { return }
  let quoted = words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
  let again = ShellWords.split(quoted)
  try require(again.map { $0.map { Array($0.utf8) } } == words.map { Array($0.utf8) }, "\(quoted) is \(again ?? [])")
}
