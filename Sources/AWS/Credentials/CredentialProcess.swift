// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Files
internal import Pipeline

/// A program that prints credentials (`credential_process`).
///
/// Its words are split as a shell splits them, but no shell runs it: nothing in them is substituted or redirected. What
/// it writes to standard error goes nowhere, as it may hold secrets.
struct CredentialProcess {
  let command: String
  let place: String

  static let outputLimit = 64 << 10
  static let timeoutSeconds = 60.0

  func run(_ cancellation: Cancellation) throws(Failure) -> Credentials {
    guard let words = ShellWords.split(command), !words.isEmpty else {
      throw failure("credential_process has no command, or a quote without its end", .configuration)
    }
    let result: ChildProcess.Result
    do throws(ChildProcessError) {
      result = try ChildProcess.run(
        words, outputLimit: Self.outputLimit, timeoutSeconds: Self.timeoutSeconds,
        isCancelled: { cancellation.isCancelled })
    } catch {
      if error == .cancelled { throw .stopped }
      throw failure("credential_process \(error)", .configuration)
    }
    guard result.status == 0 else {
      throw failure("credential_process ended with status \(result.status)", .unavailable)
    }
    guard let json = try? JSONValue(parsing: result.output), json["Version"] == .integer(1) else {
      throw failure("credential_process printed no JSON of Version 1", .configuration)
    }
    return try CredentialDocument.parse(
      result.output, tokenName: "SessionToken", source: "\(place) (credential_process)")
  }

  private func failure(_ problem: String, _ status: ExitStatus) -> Failure {
    Failure(status, problem, on: place, remedy: "run the program by hand to see what it says")
  }
}
