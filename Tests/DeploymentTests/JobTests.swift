// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Glibc
import TestSupport
import Testing

/// `cron/job`, with the real program behind it.
@Suite("cron's job") struct JobTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory("job") }

  private func run(
    _ arguments: [String], settings: [String: String] = [:], variables: [String: String] = [:]
  ) throws -> CommandOutput {
    let all = ["AUDIT_ARCHIVE_URL": "file://" + folder("archive"), "AUDIT_SIGNING_KEY": "key"].merging(settings) { $1 }
    let file = all.map { "\($0.key)='\($0.value)'\n" }.joined()
    try file.write(toFile: folder("env"), atomically: false, encoding: .utf8)
    let environment = [
      "MEMORYCTL_ENV_FILE": folder("env"), "MEMORYCTL_STATE": folder.path, "MEMORYCTL_DELAY": "0",
      "MEMORYCTL": Fixtures.product("memoryctl"), "MEMORYCTL_PAUSE": "0", "MEMORYCTL_TRIES": "3",
    ].merging(variables) { $1 }
    return try Command.run(
      Repository.path("cron/job"), arguments, environment: environment.mapValues { $0 }, inheritsEnvironment: false)
  }

  @Test("what time may mend is tried again, as often as is said")
  func triesAgain() throws {
    // In this folder no server has its socket.
    let output = try run(
      ["audit", "archive"], settings: ["DATABASE_URL": "host=\(folder.path) user=nobody dbname=audit"])
    #expect(output.status == AuditCore.ExitStatus.unavailable.rawValue)
    #expect(output.errorText.contains("audit archive ended with exit status 69 after try 1 of 3"))
    #expect(output.errorText.contains("after try 2 of 3"))
    #expect(!output.errorText.contains("after try 3"))
  }

  @Test("what needs somebody is not", arguments: [["audit", "archive"], ["audit", "status"], ["audit", "unknown"]])
  func stopsAtOnce(_ command: [String]) throws {
    let output = try run(command)
    let expected: [String: AuditCore.ExitStatus] = [
      "archive": .configuration, "status": .nothingToCheck, "unknown": .usage,
    ]
    #expect(output.status == expected[command[1]]?.rawValue, "\(output.errorText)")
    #expect(!output.errorText.contains("after try"))
  }

  @Test("each job's numbers go into a file of its own")
  func writesMetrics() throws {
    for command in ["status", "verify"] {
      // One that is set for all of them does not count.
      _ = try run(
        ["audit", command],
        settings: ["MEMORYCTL_METRICS": folder.path, "AUDIT_METRICS_FILE": folder("all.prom")])
      let text = try String(contentsOfFile: folder("memoryctl-\(command).prom"), encoding: .utf8)
      #expect(text.contains("memory_audit_job_exit_status{command=\"\(command)\",stream=\"memory-layer\"} 66\n"))
    }
    #expect(!FileManager.default.fileExists(atPath: folder("all.prom")))
  }

  @Test("it is tried again at just those statuses at which the services are")
  func statusesAgree() throws {
    let text = try Repository.text("cron/job")
    #expect(text.contains("\n    \(SystemdTests.worthAnotherTry.map(String.init).joined(separator: " | "))) ;;\n"))
  }

  @Test("a job that still runs is not started again, another job is")
  func oneAtATime() throws {
    let lock = folder("audit-status.lock")
    let holder = try Command("flock", [lock, "sh", "-c", "echo held; exec sleep 600"])
    defer { holder.signal(SIGKILL) }
    while holder.outputSoFar.isEmpty { usleep(1000) }
    let refused = try run(["audit", "status"])
    #expect(refused.status == AuditCore.ExitStatus.tryLater.rawValue)
    #expect(refused.errorText.contains("another run of audit status is under way on this machine"))
    #expect(try run(["audit", "verify"]).status == AuditCore.ExitStatus.nothingToCheck.rawValue)
  }

  @Test(
    "settings that cannot work are said",
    arguments: [
      (["MEMORYCTL_DELAY": "soon"], "take numbers, not soon"), (["MEMORYCTL_TRIES": ""], "take numbers"),
      (["MEMORYCTL_ENV_FILE": "/nowhere/env"], "/nowhere/env cannot be read"),
      (["MEMORYCTL_STATE": "/nowhere"], "cannot be written"), (["MEMORYCTL_ENV_FILE": "/"], "/ cannot be read"),
      (["MEMORYCTL": "/nowhere/memoryctl"], "there is no program /nowhere/memoryctl"),
    ])
  func saysWhatIsWrong(_ variables: [String: String], _ words: String) throws {
    let output = try run(["audit", "status"], variables: variables)
    if variables["MEMORYCTL_TRIES"] == "" {
      // Set to nothing is as good as not set.
      #expect(output.status == AuditCore.ExitStatus.nothingToCheck.rawValue)
    } else {
      #expect(output.status == AuditCore.ExitStatus.configuration.rawValue)
      #expect(output.errorText.contains(words))
      #expect(output.errorText.hasPrefix("memoryctl job: ") && output.errorText.split(separator: "\n").count == 1)
    }
  }

  @Test(
    "a settings' file that is none is said, wherever in it the fault is",
    arguments: ["AUDIT_TABLE=audit events\nX=1\n", "X='1\n", "x y\nX=1\n", "if\n"])
  func refusesFile(_ text: String) throws {
    let file = folder("faulty")
    try text.write(toFile: file, atomically: false, encoding: .utf8)
    let output = try run(["audit", "status"], variables: ["MEMORYCTL_ENV_FILE": file])
    #expect(output.status == AuditCore.ExitStatus.configuration.rawValue)
    #expect(output.errorText.hasPrefix("memoryctl job: \(file) is no list of NAME=value: "), "\(output.errorText)")
  }
}
