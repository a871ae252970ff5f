// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("cron") struct CronTests {
  /// What a person does to install the jobs, for an archive in a folder and a local key; the cron daemon; what it mailed.
  private static let night = """
    # Where mail goes on a machine without a server of its own.
    printf '#!/bin/sh\\ncat >> /run/mail\\n' > /usr/sbin/sendmail
    chmod 755 /usr/sbin/sendmail
    touch /run/mail
    chmod 666 /run/mail
    "$PAYLOAD/cron/install" --cron > /run/installed
    cat > /etc/memoryctl/memoryctl.env <<SETTINGS
    AUDIT_ARCHIVE_URL=file:///var/lib/memoryctl/archive
    AUDIT_ARCHIVE_STREAM='memory-layer'
    REQUIRE_KMS=true
    MEMORYCTL_DELAY=0
    SETTINGS
    cd /etc/memoryctl/secrets
    printf %s "$SOURCE" > DATABASE_URL
    printf vector-key > AUDIT_SIGNING_KEY
    cp "$KEY" manifests.pem
    chgrp memoryctl *
    chmod 640 *
    sed -i -E -e '/AUDIT_SIGNING_KEY|manifests.pem/s/^#//' -e 's/^[0-9]+ [0-9]+ \\* \\* \\* (.* audit archive)$/* * * * * \\1/' \\
      /etc/cron.d/memoryctl
    grep '^\\* \\* \\* \\* \\* memoryctl' /etc/cron.d/memoryctl > /run/line
    # Whoever starts the daemon has variables that the job must not see.
    AUDIT_ARCHIVE_URL=file:///of-the-daemon cron -f &
    for _ in $(seq 150); do
      grep -q '^archived' /run/mail && break
      sleep 1
    done
    kill %1
    export AUDIT_SIGNING_KEY=vector-key AUDIT_MANIFEST_SIGNER="local:$KEY"
    stat -c '%U %a' /var/lib/memoryctl/archive >&2
    cat /run/line /run/mail >&2
    memoryctl audit verify --archive file:///var/lib/memoryctl/archive --json
    """

  @Test(
    "the daemon fires the crontab's line, and the night is archived",
    .enabled(if: ScratchMachine.isUsable, "\(ScratchMachine.need)"))
  func firesTheNight() throws {
    let source = try TemporaryPostgres.shared().createDatabase("cron")
    let key = Fixtures.path("chain/ed25519.pem")
    let made = try Command.run(
      Fixtures.product("memoryctl"), ["dev", "chain", "--rows", "500", "--days", "2"],
      environment: ["DATABASE_URL": source, "AUDIT_SIGNING_KEY": "vector-key"], inheritsEnvironment: false)
    try #require(made.status == 0, "\(made.errorText)")

    let output = try ScratchMachine.run(
      Self.night, ["PAYLOAD": try Payload.folder(), "SOURCE": source, "KEY": key])
    let mail = output.errorText
    try #require(output.status == 0, "\(mail)")
    let verdict = try JSONValue(parsing: output.standardOutput)
    #expect(verdict["verdict"]?.string == "intact")
    #expect(verdict["rows"]?.integer == 500)
    #expect(verdict["manifests"]?.integer == 2)
    // Of the line all but its five fields is as shipped.
    let shipped = try Crontab.shipped()
    let archive = try #require(shipped.first { $0.command.hasSuffix("audit archive") })
    #expect(mail.contains("* * * * * memoryctl \(archive.command)\n"))
    #expect(mail.contains("memoryctl 7"))
    #expect(mail.contains("archived 500 rows in 2 manifests"))
    #expect(mail.contains("\nTo: root"))
    #expect(mail.contains("X-Cron-Env: <LOGNAME=memoryctl>"))
    #expect(!mail.contains("of-the-daemon"))
  }

  @Test("the crontab's hours are the timers'")
  func hoursAgree() throws {
    let lines = try Crontab.shipped()
    #expect(lines.map(\.job) == ["archive", "status", "drill"])
    for line in lines {
      let timer = try Unit("memoryctl-\(line.job).timer")
      #expect(timer["OnCalendar"] == [line.calendar], "\(line.job)")
      let service = try Unit("memoryctl-\(line.job).service")
      let words = try #require(service["ExecStart"].first).split(separator: " ").dropFirst()
      #expect(line.command == "/usr/local/libexec/memoryctl/job " + words.joined(separator: " "))
    }
  }

  @Test("what the crontab states is what cron goes by")
  func statesItsRules() throws {
    let text = try Repository.text("cron/crontab")
    for line in ["SHELL=/bin/sh", "PATH=/usr/local/bin:/usr/bin:/bin", "MAILTO=root", "CRON_TZ=UTC"] {
      #expect(text.contains("\n\(line)\n"))
    }
    // A line of cron ends at an unescaped %.
    #expect(try Crontab.shipped().allSatisfy { !$0.command.contains("%") })
    #expect(text.hasSuffix("\n"))
    #expect(try Crontab.shipped().allSatisfy { $0.user == "memoryctl" })
  }
}
