// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
public import Signing

/// What a stolen key may have done: for the security team.
public struct CompromiseReport: Sendable {
  /// What was looked at.
  public struct Look: Sendable {
    /// Nil where no archive is configured.
    public var archive: String?
    public var manifests = 0
    public var archivedRows = 0
    /// Signed documents beside the manifests.
    public var documents = 0
    /// Nil where no database is configured.
    public var table: String?
    /// Nil where the table could not be read.
    public var tableRows: Int?

    /// What the key may sign, and what versions of the registry let it sign before.
    public var uses: Set<KeyUse> = []

    public init() {}
  }

  public enum Verdict: String, Sendable {
    /// The key signed something since.
    case affected
    /// It did not, and all that it could have signed was looked at.
    case unaffected
    /// Nothing was found, and not all was looked at.
    case incomplete
  }

  public let suspect: SuspectKey
  public let look: Look
  /// What the key signed.
  public let found: SuspectList
  public let madeAt: Timestamp
  /// What is wrong besides, where the key counts for nothing from then on.
  public let verification: VerifyReport
  /// The file that all of it was written to.
  public let list: String?

  public init(
    _ suspect: SuspectKey, _ look: Look, _ found: SuspectList, _ verification: VerifyReport, list: String? = nil,
    madeAt: Timestamp = .now()
  ) {
    self.suspect = suspect
    self.look = look
    self.found = found
    self.verification = verification
    self.list = list
    self.madeAt = madeAt
  }

  /// What the key's uses demand to be looked at, and was not.
  public var notLookedAt: [String] {
    let uses = suspect.key.uses.union(look.uses)
    var open: [String] = []
    if look.archive == nil { open.append("the archive: none is configured") }
    if uses.contains(.events) || uses.isEmpty {
      if look.table == nil {
        open.append("the database: none is configured, and rows that are not archived yet are there alone")
      } else if look.tableRows == nil {
        open.append("the database: it could not be read")
      }
    }
    if verification.unread > 0 {
      open.append("\(verification.unread) objects that are missing, could not be read, or have other versions")
    }
    return open
  }

  public var verdict: Verdict {
    if found.total > 0 { return .affected }
    return notLookedAt.isEmpty ? .unaffected : .incomplete
  }

  public var status: ExitStatus {
    if verdict == .affected || !verification.isIntact { return .integrity }
    return verdict == .incomplete ? .configuration : .success
  }

  /// Manifests that nobody vouches for, of the first thousand.
  public var toCountersign: [SuspectEntry] { found.kept(.manifest).filter { $0.standing == "untrusted" } }
}
