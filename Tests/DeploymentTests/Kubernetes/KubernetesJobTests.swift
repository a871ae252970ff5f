// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Testing

/// When jobs start, and what becomes of one that fails: what no schema checks.
@Suite("k8s/ jobs", .enabled(if: KubernetesTools.areUsable, "scripts/dependencies test is needed"))
struct KubernetesJobTests {
  /// Every status but success.
  private static let failures = (1...255).compactMap { AuditCore.ExitStatus(rawValue: $0) }
  private static let retried: Set<AuditCore.ExitStatus> = [.unavailable, .tryLater]
  /// Patterns that somebody makes jobs of, which never start by themselves.
  private static let byHand: Set = ["audit-backfill", "audit-verify", "audit-verify-join"]

  private func jobs(_ overlay: Overlay) throws -> [Workload] { try overlay.workloads().filter { $0.job != nil } }

  @Test("schedules are schedules, in UTC, and one run is under way at a time", arguments: Overlay.allCases)
  func schedules(overlay: Overlay) throws {
    for job in try jobs(overlay) {
      let spec = job.resource.spec
      #expect(CronExpression(spec["schedule"].string ?? "") != nil, "\(job.name)")
      #expect(spec["timeZone"] == .text("Etc/UTC"), "\(job.name)")
      #expect(spec["concurrencyPolicy"] == .text("Forbid"), "\(job.name)")
      // Below ten seconds the controller may miss each start.
      #expect((spec["startingDeadlineSeconds"].int ?? 0) >= 600, "\(job.name)")
      #expect(spec["suspend"] == (Self.byHand.contains(job.name) ? .bool(true) : .null), "\(job.name)")
      #expect((spec["failedJobsHistoryLimit"].int ?? 0) >= 1, "\(job.name)")
      #expect((spec["successfulJobsHistoryLimit"].int ?? 0) >= 1, "\(job.name)")
    }
  }

  @Test("nightly, daily, quarterly")
  func times() throws {
    let every = CronExpression("* * * * *")
    func schedule(_ name: String) throws -> CronExpression? {
      CronExpression(try Overlay.awsIRSA.workload(name).resource.spec["schedule"].string ?? "")
    }
    for name in ["audit-archive", "audit-status"] {
      let schedule = try #require(try schedule(name))
      #expect(schedule.hours.count == 1 && schedule.minutes.count == 1, "\(name)")
      #expect(schedule.days == every?.days && schedule.months == every?.months, "\(name)")
    }
    // The probe looks once the night has had its time.
    #expect(
      try #require(try schedule("audit-archive")?.hours.first) < #require(try schedule("audit-status")?.hours.first))
    let drill = try #require(try schedule("audit-drill"))
    #expect(drill.months == [1, 4, 7, 10] && drill.days.count == 1 && drill.hours.count == 1)
    #expect(drill.weekdays == every?.weekdays)
  }

  @Test("a late night has ended before the next one is due")
  func deadlines() throws {
    let night = try Overlay.awsIRSA.workload("audit-archive")
    let late = try #require(night.resource.spec["startingDeadlineSeconds"].int)
    let long = try #require(night.job?["activeDeadlineSeconds"].int)
    #expect(late + long < 86_400)
    // What is long may be long, but not for ever: nobody waits for it by the clock.
    for (name, days) in ["audit-verify": 2, "audit-backfill": 7] {
      #expect(try Overlay.awsIRSA.workload(name).job?["activeDeadlineSeconds"] == .number(days * 86_400), "\(name)")
    }
    for job in try jobs(.awsIRSA) { #expect(job.job?["activeDeadlineSeconds"].int != nil, "\(job.name)") }
  }

  @Test("each exit status is in one rule, and what time may mend is tried again", arguments: Overlay.allCases)
  func failurePolicy(overlay: Overlay) throws {
    for job in try jobs(overlay) {
      #expect(job.pod["restartPolicy"] == .text("Never"), "\(job.name)")
      let rules = try #require(job.job)["podFailurePolicy"]["rules"].list
      // Rules go by their order, and a pod that is told to go exits 75.
      #expect(rules.first?["action"] == .text("Ignore"), "\(job.name)")
      #expect(rules.first?["onPodConditions"].list.first?["type"] == .text("DisruptionTarget"), "\(job.name)")
      let isIndexed = job.job?["completionMode"] == .text("Indexed")
      for status in Self.failures {
        let actions = rules.filter { $0["onExitCodes"]["values"].list.contains(.number(Int(status.rawValue))) }
          .map { $0["action"].string ?? "" }
        let stops = isIndexed && [.integrity, .nothingToCheck].contains(status) ? "FailIndex" : "FailJob"
        #expect(actions == [Self.retried.contains(status) ? "Count" : stops], "\(job.name), \(status)")
      }
      for codes in rules.map({ $0["onExitCodes"] }) where codes != .null {
        #expect(codes["containerName"] == job.container["name"] && codes["operator"] == .text("In"), "\(job.name)")
        let values = codes["values"].list.compactMap(\.int)
        #expect(values == values.sorted(), "the API takes them in order alone")
        #expect(values.allSatisfy { AuditCore.ExitStatus(rawValue: Int32($0)) != nil }, "\(job.name): \(values)")
      }
      let limit = try #require(job.job)[isIndexed ? "backoffLimitPerIndex" : "backoffLimit"].int
      #expect((limit ?? 0) > 0, "\(job.name)")
    }
  }

  @Test("an indexed job has as many pods as shards, and a name for its run")
  func shards() throws {
    let verify = try Overlay.awsIRSA.workload("audit-verify")
    let job = try #require(verify.job)
    let completions = try #require(job["completions"].int)
    #expect(job["completionMode"] == .text("Indexed"))
    #expect(verify.variables["AUDIT_SHARDS"] == "\(completions)")
    #expect((1...completions).contains(job["parallelism"].int ?? 0))
    let run = verify.container["env"].list.first { $0["name"] == .text("AUDIT_RUN") }
    #expect(
      run?["valueFrom"]["fieldRef"]["fieldPath"] == .text("metadata.labels['batch.kubernetes.io/job-name']"))
    let join = try Overlay.awsIRSA.workload("audit-verify-join")
    #expect(join.arguments.contains("--join") && join.arguments.contains("$(AUDIT_RUN)"))
  }

  @Test(
    "cron expressions are told from what is none",
    arguments: [
      ("17 1 * * *", true), ("0 3 2 1,4,7,10 *", true), ("*/15 0-6/2 1-7 * 1-5", true), ("60 1 * * *", false),
      ("17 24 * * *", false), ("17 1 0 * *", false), ("17 1 * 13 *", false), ("17 1 * *", false),
      ("17 1 * * * *", false),
      ("a 1 * * *", false), ("5-1 1 * * *", false), ("*/0 1 * * *", false), ("1, 1 * * *", false),
    ])
  func expressions(text: String, isOne: Bool) { #expect((CronExpression(text) != nil) == isOne) }
}
