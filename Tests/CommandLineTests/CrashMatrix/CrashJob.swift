// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// What is killed.
enum CrashJob: String, CaseIterable, Sendable, CustomStringConvertible {
  case archive = "audit archive"
  case drill = "audit drill"
  case registry = "keys promote"
  case multisig = "multisig publish"

  var description: String { rawValue }

  /// Whether the archive's own signer signs, and not that of the chain's events.
  var signsDocuments: Bool { self == .archive || self == .drill }

  /// What the dead run may have left: an archive that verifies, or none yet.
  var soundStatuses: Set<Int32> { self == .archive ? [0, 66] : [0] }

  /// Commands that have to succeed once the job is done.
  var checks: [[String]] {
    switch self {
    case .archive: [["audit", "verify", "--both"]]
    case .drill: [["audit", "verify"], ["audit", "status"]]
    case .registry, .multisig: [["audit", "verify", "--database"], ["keys", "list"]]
    }
  }

  /// Effects that its points have to be among, by the beginnings of their names.
  func effects(on kind: StoreKind) -> [String] {
    let object = "memory-layer/" + object
    let service = CrashSigner.service(of: self, on: kind)
    let own = [
      "\(service.rawValue): connect", "\(service.rawValue): send POST /", "\(service.rawValue): answer to POST /",
    ]
    let base = own + statements.flatMap { ["postgres: send \($0)", "postgres: answer to \($0)"] }
    guard kind == .file else {
      return base + ["s3: connect", "s3: send PUT /#/@prefix/\(object)", "s3: answer to PUT /#/@prefix/\(object)"]
    }
    let folder = "@/archive/" + object.prefix(through: object.lastIndex(of: "/")!)
    return base + [
      "create \(folder).", "write \(folder).", "chmod \(folder).", "fsync \(folder).", "link @/archive/\(object)",
    ]
      + [
        "rename @/archive/.retention/\(object)", "unlink \(folder).", "fsync \(folder.dropLast())",
      ]
  }

  private var object: String {
    switch self {
    case .archive: "manifests/0000000002.json"
    case .drill: "drills/#"
    case .registry: "signers/2.json"
    case .multisig: "proofs/#.json"
    }
  }

  private var statements: [String] {
    switch self {
    case .archive: ["SELECT pg_try_advisory_lock", "COPY (SELECT"]
    case .drill: ["CREATE SCHEMA", "COPY ", "UPDATE ", "ROLLBACK", "DROP SCHEMA"]
    case .registry, .multisig: ["SET lock_timeout", "INSERT INTO", "COMMIT"]
    }
  }
}
