// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

/// The units, read by systemd's own tools and held against the program.
@Suite("systemd") struct SystemdTests {
  /// What the interface calls worth another try.
  static let worthAnotherTry = [AuditCore.ExitStatus.unavailable, .tryLater].map(\.rawValue)
  private static let services = ["archive", "status", "drill", "serve"]
  private static let timers = ["archive", "status", "drill"]

  @Test(
    "installed as they ship, the units are sound, man pages and all",
    .enabled(if: ScratchMachine.isUsable, "\(ScratchMachine.need)"))
  func unitsAreSound() throws {
    let script = """
      "$PAYLOAD/cron/install" --systemd > /dev/null
      cd /usr/local/lib/systemd/system
      systemd-analyze verify --recursive-errors=yes memoryctl-*.service memoryctl-*.timer
      echo sound
      # And it would have been said.
      sed -i s/RandomizedDelaySec/RandomDelay/ memoryctl-archive.timer
      systemd-analyze verify --recursive-errors=yes memoryctl-archive.timer 2>&1
      """
    let output = try ScratchMachine.run(script, ["PAYLOAD": try Payload.folder()])
    #expect(output.text.hasPrefix("sound\n"), "\(output.errorText)")
    #expect(output.text.contains("RandomDelay"))
    #expect(output.errorText == "")
  }

  @Test("each service's exposure is 2.0 or better", arguments: services)
  func exposureIsLow(_ name: String) throws {
    #expect(try exposure(name, in: Repository.path("cron")).status == 0)
  }

  @Test("without the shared restrictions it is not", arguments: services)
  func exposureIsMeasured(_ name: String) throws {
    let folder = try TemporaryDirectory("units")
    let unit = "memoryctl-\(name).service"
    try FileManager.default.copyItem(atPath: Repository.path("cron/" + unit), toPath: folder(unit))
    #expect(try exposure(name, in: folder.path).status == 1)
  }

  private func exposure(_ name: String, in folder: String) throws -> CommandOutput {
    try Command.run(
      "systemd-analyze",
      ["security", "--offline=true", "--threshold=20", "--no-pager", "\(folder)/memoryctl-\(name).service"])
  }

  @Test("the hours are in UTC, after its midnight, and no drill is later than status allows")
  func hoursAreRight() throws {
    let nights = try elapses("archive")
    let looks = try elapses("status")
    let drills = try elapses("drill")
    for (night, next) in zip(nights, nights.dropFirst()) { #expect(next.timeIntervalSince(night) == 86_400) }
    let midnight = 1_798_761_600.0  // 2027-01-01, in UTC
    let delay = try seconds(Unit("memoryctl-archive.timer"))
    #expect(nights[0].timeIntervalSince1970 > midnight)
    // The tries of a night are over when the archive is looked at.
    let archive = try Unit("memoryctl-archive.service")
    let tries = Double(try #require(archive["StartLimitBurst"].first))! * 10 * 60
    #expect(archive["RestartSec"] == ["10min"])
    #expect(looks[0] > nights[0].addingTimeInterval(delay + tries))
    #expect(drills[0] > nights[1].addingTimeInterval(delay + tries))
    for (drill, next) in zip(drills, drills.dropFirst()) { #expect(next.timeIntervalSince(drill) < 100 * 86_400) }
    #expect(drills.count == 5)
  }

  /// When a timer elapses, five times from the beginning of 2027 on.
  private func elapses(_ name: String) throws -> [Date] {
    let calendar = try #require(try Unit("memoryctl-\(name).timer")["OnCalendar"].first)
    let output = try Command.run(
      "systemd-analyze", ["calendar", "--iterations=5", "--base-time=2027-01-01 00:00:00 UTC", calendar],
      environment: ["TZ": "UTC", "LC_ALL": "C"])
    try #require(output.status == 0, "\(output.errorText)")
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "UTC")
    format.dateFormat = "EEE yyyy-MM-dd HH:mm:ss 'UTC'"
    return output.text.split(separator: "\n").compactMap { line in
      guard line.contains("elapse:") || line.contains("Iter. #") else { return nil }
      return line.split(separator: ": ", maxSplits: 1).last.flatMap {
        format.date(from: String($0).trimmingCharacters(in: .whitespaces))
      }
    }
  }

  private func seconds(_ timer: Unit) throws -> Double {
    let text = try #require(timer["RandomizedDelaySec"].first)
    try #require(text.hasSuffix("min"))
    return Double(text.dropLast(3))! * 60
  }

  @Test("a missed hour is made up for, and machines do not come all at once", arguments: timers)
  func timersAreKind(_ name: String) throws {
    let timer = try Unit("memoryctl-\(name).timer")
    #expect(timer["Persistent"] == ["yes"])
    #expect(timer["RandomizedDelaySec"].count == 1)
    #expect(timer["WantedBy"] == ["timers.target"])
  }

  @Test("another try is made at just the statuses that mean it, a bounded number of times", arguments: services)
  func triesAreRight(_ name: String) throws {
    let shared = try Unit("memoryctl-.service.d/hardening.conf")
    let service = try Unit("memoryctl-\(name).service")
    #expect(shared.statuses("RestartForceExitStatus") == Self.worthAnotherTry)
    for unit in [shared, service] { #expect(unit["SuccessExitStatus"] == []) }
    let burst = try #require(service["StartLimitBurst"].first.flatMap { Int($0) })
    #expect(burst > 1)
    #expect(service["StartLimitIntervalSec"].count == 1)
    #expect(service["RestartSec"].count == 1)
    if name == "serve" {
      #expect(service["Restart"] == ["on-failure"])
      #expect(
        service.statuses("RestartPreventExitStatus") == [AuditCore.ExitStatus.usage, .configuration].map(\.rawValue))
    } else {
      #expect(service["Restart"] == [])
    }
  }

  @Test("each secret is a credential that a variable names")
  func secretsAreCredentials() throws {
    let example = try Repository.text("cron/memoryctl-.service.d/secrets.conf").replacing("\n#", with: "\n")
    var files = [example]
    for service in Self.services { files.append(try Repository.text("cron/memoryctl-\(service).service")) }
    var count = 0
    for text in files {
      let lines = text.split(separator: "\n")
      for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix("LoadCredential=") {
        let parts = line.dropFirst("LoadCredential=".count).split(separator: ":", maxSplits: 1)
        #expect(parts[1] == "/etc/memoryctl/secrets/\(parts[0])")
        #expect(next.hasPrefix("Environment=") && next.hasSuffix("%d/\(parts[0])"), "\(next)")
        count += 1
      }
    }
    #expect(count == 6)
  }

  @Test("numbers go into a file of each unit's own, in a folder that it may write to and others may read")
  func metricsAreApart() throws {
    let lines = try Repository.text("cron/memoryctl-.service.d/metrics.conf").split(separator: "\n")
    let folder = try #require(lines.first { $0.hasPrefix("#ReadWritePaths=") }).dropFirst("#ReadWritePaths=".count)
    #expect(lines.contains("#Environment=AUDIT_METRICS_FILE=\(folder)/%N.prom"))
    // A state directory lies below one that is root's alone.
    #expect(
      try Unit("memoryctl-.service.d/hardening.conf")["StateDirectory"].allSatisfy { !folder.hasSuffix("/\($0)") })
    let settings = try Repository.text("cron/memoryctl.env")
    #expect(settings.contains("#MEMORYCTL_METRICS=\(folder)\n") && !settings.contains("AUDIT_METRICS_FILE="))
    let page = try Repository.text("docs/operations.md")
    #expect(page.contains("sudo install -d -o memoryctl -g memoryctl -m 755 \(folder)\n"))
  }

  @Test("what the runbook runs by hand is what the trial under a real systemd runs")
  func runbookIsTried() throws {
    let trial = try Repository.text("scripts/systemd-trial")
    let lines = try Repository.text("docs/runbook.md").split(separator: "\n")
    let first = try #require(lines.firstIndex { $0.contains("systemd-run --unit=") })
    #expect(lines[first].hasPrefix("sudo ") && trial.contains("\n" + lines[first].dropFirst("sudo ".count) + "\n"))
    let settings = lines[(first + 1)...].prefix { $0.hasPrefix("  -p ") }
    #expect(settings.count == 2)
    for line in settings { #expect(trial.contains("\n\(line)\n"), "\(line)") }
  }

  @Test("the settings' names are those of the documentation")
  func settingsAreKnown() throws {
    let pages = try FileManager.default.contentsOfDirectory(atPath: Repository.path("docs")).filter {
      $0.hasSuffix(".md")
    }
    let known = try pages.map { try Repository.text("docs/" + $0) }.joined()
    let settings = try Repository.text("cron/memoryctl.env") + Repository.text("cron/crontab")
    let names = settings.matches(of: /(?m)^#?([A-Z][A-Z0-9_]+)=/).map { String($0.1) }
    #expect(names.count > 20)
    for name in Set(names).subtracting(["SHELL", "PATH", "MAILTO", "CRON_TZ"]) {
      let secret = name.hasSuffix("_FILE") ? String(name.dropLast(5)) : name
      #expect(known.contains("`\(name)`") || known.contains("`\(secret)`"), "\(name)")
    }
  }
}
