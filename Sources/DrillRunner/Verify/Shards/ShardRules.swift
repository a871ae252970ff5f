// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import RowCodec
internal import Signing

/// How thoroughly a shard looked: verdicts of one run can be joined only where all looked in the same way.
struct ShardRules: Equatable, Sendable {
  let signatures: String
  let requiresSignatures: Bool
  let checksManifestSignatures: Bool
  /// Names of the chain's columns.
  let columns: [String]

  init(_ settings: VerifySettings) {
    signatures = settings.signatures.description
    requiresSignatures = settings.requiresSignatures
    checksManifestSignatures = settings.checksManifestSignatures
    let names = settings.columns
    columns = [
      names.id, names.payload, names.hash, names.previousHash, names.signature, names.createdAt, names.signerID,
    ]
  }

  /// In which way this look falls short of what another one asks for; nil where it does not.
  func shortfall(of asked: ShardRules) -> String? {
    if asked.checksManifestSignatures && !checksManifestSignatures { return "with --no-signatures" }
    let most = SignaturePolicy.all.description
    let least = SignaturePolicy.none.description
    if ![most, asked.signatures].contains(signatures) && asked.signatures != least {
      return "with --signatures \(signatures)"
    }
    if asked.requiresSignatures && !requiresSignatures { return "without --require-signatures" }
    return columns == asked.columns ? nil : "with other --column-… options"
  }

  var json: JSONValue {
    .object([
      "signatures": .string(signatures), "requireSignatures": .bool(requiresSignatures),
      "manifestSignatures": .bool(checksManifestSignatures), "columns": .array(columns.map { .string($0) }),
    ])
  }

  init(_ reader: DocumentReader) throws(DocumentError) {
    signatures = try reader.string("signatures")
    requiresSignatures = try reader.bool("requireSignatures")
    checksManifestSignatures = try reader.bool("manifestSignatures")
    columns = try reader.array("columns").compactMap(\.string)
    guard SignaturePolicy(signatures) != nil else { throw reader.error("signatures", "is unknown") }
  }
}
