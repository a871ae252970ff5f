// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Files
import Testing
import TestSupport

@testable import AWS

@Suite("Programs that print credentials")
struct CredentialProcessTests {
  static let lines: [(text: String, words: [String]?)] = [
    ("a b  c", ["a", "b", "c"]), ("  a\tb\n", ["a", "b"]), ("", []), ("'a b' c", ["a b", "c"]),
    ("\"a b\" c", ["a b", "c"]), (#"a\ b"#, ["a b"]), (#"a"b c"'d e'f"#, ["ab cd ef"]), ("''", [""]),
    ("a \"\"", ["a", ""]),
    (#""a\"b\\c\d""#, [#"a"b\c\d"#]), (#"'a\b'"#, [#"a\b"#]),
    ("$HOME `id` $(id) *.txt ~", ["$HOME", "`id`", "$(id)", "*.txt", "~"]),
    ("a | b > c; d & e", ["a", "|", "b", ">", "c;", "d", "&", "e"]), ("a # b", ["a", "#", "b"]), ("'a", nil),
    ("\"a", nil),
    (#"a\"#, nil), (#""a\"#, nil),
    // A mark that would join the quote before it.
    ("'\u{301}a' b", ["\u{301}a", "b"]), ("\"\u{301}\"", ["\u{301}"]), ("a \u{301}b", ["a", "\u{301}b"]),
  ]

  @Test("words are split as a shell splits them, and nothing is substituted", arguments: lines)
  func words(row: (text: String, words: [String]?)) {
    #expect(ShellWords.split(row.text) == row.words)
  }

  private func run(_ command: String) throws -> Credentials {
    try CredentialProcess(command: command, place: "profile p").run(.init())
  }

  @Test("what a program prints is taken")
  func success() throws {
    let json =
      #"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"K","SessionToken":"T","Expiration":"2026-11-23T02:00:00Z"}"#
    let credentials = try run("printf '%s' '\(json)'")
    #expect(credentials.accessKeyID.text == "A" && credentials.secretAccessKey.text == "K")
    #expect(credentials.sessionToken?.text == "T" && credentials.expiration == Timestamp("2026-11-23T02:00:00Z"))
    #expect(credentials.source == "profile p (credential_process)")
    let plain = try run(#"echo {\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"K\"}"#)
    #expect(plain.sessionToken == nil && plain.expiration == nil)
  }

  static let failures: [(name: String, command: String, status: AuditCore.ExitStatus, words: String)] = [
    ("no command", "", .configuration, "no command"), ("open quote", "'a", .configuration, "quote"),
    ("no such program", "/nonexistent/program", .configuration, "cannot be started"),
    ("status", "sh -c 'echo SECRET >&2; exit 3'", .unavailable, "status 3"),
    ("signal", "sh -c 'kill -9 $$'", .unavailable, "status -9"), ("silence", "true", .configuration, "no JSON"),
    ("text", "echo SECRET", .configuration, "no JSON"),
    (
      "another version", #"echo '{"Version":2,"AccessKeyId":"SECRET","SecretAccessKey":"SECRET"}'"#, .configuration,
      "Version 1"
    ),
    ("no version", #"echo '{"AccessKeyId":"SECRET","SecretAccessKey":"SECRET"}'"#, .configuration, "Version 1"),
    ("no key", #"echo '{"Version":1,"AccessKeyId":"SECRET"}'"#, .unavailable, "lacks"),
    (
      "no time", #"echo '{"Version":1,"AccessKeyId":"SECRET","SecretAccessKey":"K","Expiration":"SECRET"}'"#,
      .unavailable,
      "no time"
    ),
    ("too much", "yes SECRET", .configuration, "more than 65536 bytes"),
  ]

  @Test("failures name the profile, and show nothing that was printed", arguments: failures)
  func refuses(row: (name: String, command: String, status: AuditCore.ExitStatus, words: String)) {
    let failure = #expect(throws: Failure.self) { try run(row.command) }
    #expect(failure?.status == row.status && failure?.object?.hasPrefix("profile p") == true)
    #expect(failure?.problem.contains(row.words) == true, "\(failure.map { "\($0)" } ?? "")")
    #expect(failure.map { printed($0).contains("SECRET") } == false)
  }

  @Test("a program that runs on is ended with what it started")
  func ended() throws {
    #expect(throws: ChildProcessError.tookTooLong(seconds: 0)) {
      try ChildProcess.run(["sh", "-c", "sleep 1000 & wait"], outputLimit: 10, timeoutSeconds: 0)
    }
    #expect(throws: ChildProcessError.cancelled) {
      try ChildProcess.run(["sleep", "1000"], outputLimit: 10, timeoutSeconds: 1000, isCancelled: { true })
    }
    #expect(throws: ChildProcessError.tookTooLong(seconds: 0)) {
      try ChildProcess.run(["sh", "-c", "exec >&-; exec sleep 1000"], outputLimit: 10, timeoutSeconds: 0)
    }
  }

  static let times: [(text: String, time: String?)] = [
    ("2026-11-23T02:00:00Z", "2026-11-23T02:00:00Z"), ("2026-11-23T02:00:00.123456789Z", "2026-11-23T02:00:00Z"),
    ("2026-11-23T02:00:00+00:00", "2026-11-23T02:00:00Z"), ("2026-11-23T02:00:00-0130", "2026-11-23T03:30:00Z"),
    ("2026-11-23T02:00:00.5+01:00", "2026-11-23T01:00:00Z"), ("2026-11-23T02:00:00", nil),
    ("2026-11-23 02:00:00Z", nil),
    ("tomorrow", nil), ("", nil), ("2026-13-23T02:00:00Z", nil), ("2026-11-23T02:00:00+1", nil),
  ]

  @Test("times of documents", arguments: times)
  func time(row: (text: String, time: String?)) {
    #expect(ISO8601.parse(row.text) == row.time.flatMap { Timestamp($0) })
  }
}
